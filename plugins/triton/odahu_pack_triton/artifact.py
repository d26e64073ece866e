"""The reader of Triton artifacts: one model's files, flat, with a small optional manifest."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import field_validator
from pydantic.functional_validators import AfterValidator

from odahu_pack_core import (
    ArtifactEntry,
    ArtifactError,
    ManifestPart,
    ModelArtifact,
    SpecError,
    parse_documents,
    validate_document,
)

from .model_file import resembles_model
from .names import TRITON

MANIFEST_NAMES: Final = ("odahuflow.project.yaml", "odahuflow.model.yaml")
"""Where a manifest is looked for in an artifact's root."""

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_VERSION: Final = re.compile(r"[1-9][0-9]{0,17}")


def _model_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            "must be at most 128 letters, digits, '.', '_' and '-', not beginning with '.' or '-', "
            "since Triton names a folder by it"
        )
    return value


def _model_version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        raise ValueError(
            "must be a positive whole number such as 3, without leading zeros, "
            "since Triton names a folder by it"
        )
    return value


class TritonManifest(ManifestPart):
    """The manifest of a Triton model; unknown keys are kept, since trainers add their own."""

    name: Annotated[str, AfterValidator(_model_name)] = "model"
    version: Annotated[str, AfterValidator(_model_version)] = "1"

    @field_validator("name", "version", mode="before")
    @classmethod
    def _null_is_absent(cls, value: object, context: Any) -> object:  # noqa: ANN401  # pydantic's own type is generic
        return cls.model_fields[context.field_name].default if value is None else value


def read_triton(root: Path, entries: tuple[ArtifactEntry, ...]) -> ModelArtifact | None:
    """Return the Triton model in a folder; None when the folder holds another kind of artifact.

    Raises:
        ArtifactError: It is a Triton model, but its manifest is wrong.
    """
    tops = {entry.path for entry in entries}
    names = [name for name in MANIFEST_NAMES if name in tops]
    folder = ModelArtifact(TRITON, root, entries, "", "")
    manifests = []
    for name in names:
        manifest = _manifest(folder, name)
        if manifest is None:
            return None
        manifests.append(manifest)
    if not names and not resembles_model(entries):
        return None
    _refuse_other_names(tops)
    if len(names) > 1:
        raise ArtifactError(f"the artifact has two manifests: {' and '.join(names)}", code="two-manifests")
    manifest = manifests[0] if manifests else TritonManifest()
    return replace(folder, name=manifest.name, version=manifest.version, manifest=manifest)


def manifests_of(artifact: ModelArtifact) -> frozenset[str]:
    """Return the names of the manifest files of an artifact."""
    return frozenset(name for name in MANIFEST_NAMES if artifact.has(name))


def _manifest(folder: ModelArtifact, name: str) -> TritonManifest | None:
    """Return a manifest; None when it is that of a GPPI model."""
    try:
        documents = parse_documents(folder.read_text(name), name, scalars_as_text=True)
        if not documents:
            return TritonManifest()
        if len(documents) > 1:
            raise ArtifactError(f"{name}: must hold one document, but holds {len(documents)}", code="invalid")
        if isinstance(documents[0].value, dict) and "binaries" in documents[0].value:
            return None
        return validate_document(documents[0], TritonManifest)
    except SpecError as error:
        raise ArtifactError(error.message, code=error.code) from None


def _refuse_other_names(tops: set[str]) -> None:
    """Refuse a manifest whose name has another ending, which would be passed over silently."""
    for name in MANIFEST_NAMES:
        other = name.replace(".yaml", ".yml")
        if other in tops:
            raise ArtifactError(f"{other}: rename it to {name}", code="manifest-name")
