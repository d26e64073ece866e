"""Entities as plain values and as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from odahu_pack_core.spec.entity import Entity
from odahu_pack_core.spec.integration import PackagingIntegration
from odahu_pack_core.spec.packaging import ModelPackaging


def plain(entity: Entity) -> dict[str, Any]:
    """Return an entity as a manifest says it: its kind first, then what is written; secrets are masked."""
    values = entity.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return {
        "kind": type(entity).__name__,
        **{name: value for name, value in values.items() if name != "kind"},
    }


def packaging_columns(packagings: Sequence[ModelPackaging]) -> dict[str, list[str]]:
    """Return packagings as the columns of a table."""
    return {
        "id": [packaging.id for packaging in packagings],
        "integration": [packaging.spec.integration_name for packaging in packagings],
        "state": [_state(packaging) for packaging in packagings],
        "image": [_result(packaging, "image") for packaging in packagings],
        "digest": [_result(packaging, "digest") for packaging in packagings],
    }


def integration_columns(integrations: Sequence[PackagingIntegration]) -> dict[str, list[str]]:
    """Return integrations as the columns of a table."""
    schemas = [integration.spec.schema_ for integration in integrations]
    return {
        "id": [integration.id for integration in integrations],
        "targets": [", ".join(target.name for target in schema.targets) for schema in schemas],
        "arguments": [", ".join(found.name for found in schema.arguments.properties) for schema in schemas],
    }


def _state(packaging: ModelPackaging) -> str:
    return (packaging.status.state if packaging.status else None) or ""


def _result(packaging: ModelPackaging, name: str) -> str:
    results = (packaging.status.results if packaging.status else None) or ()
    return next((result.value for result in results if result.name == name), "")
