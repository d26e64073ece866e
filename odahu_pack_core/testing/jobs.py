"""Jobs and plans for the tests of packagers, without a manifest, a connection or an archive on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from odahu_pack_core.plan.artifact import ModelArtifact
from odahu_pack_core.plan.build_plan import DEFAULT_PLATFORM, BuildPlan
from odahu_pack_core.plan.job import PUSH_TARGET, PackagingJob
from odahu_pack_core.plugins.records import PackagerRecord
from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.spec.packaging import ModelPackaging

UUID: Final = "ec1bf1cd-216d-4f0a-a62f-bf084c79c58c"
"""The ``RandomUUID`` of jobs made here."""

_REGISTRY: Final = "registry.example/models"


def write_files(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write the files of a model artifact.

    Args:
        root: The artifact's folder; made when needed.
        files: Content by relative path; a path that ends with ``/`` is an empty folder.

    Returns:
        The folder.
    """
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def job(
    record: PackagerRecord,
    artifact: ModelArtifact,
    arguments: Mapping[str, Any] | None = None,
    *,
    registry: str = _REGISTRY,
    platforms: tuple[str, ...] = (DEFAULT_PLATFORM,),
) -> PackagingJob:
    """Return the job of a packager, its arguments validated and its push target bound.

    Args:
        record: The packager's record.
        artifact: The model.
        arguments: Arguments as a manifest spells them.
        registry: The ``uri`` of the push target's connection.
        platforms: ``os/arch`` of each image wanted.

    Raises:
        ValidationError: An argument is wrong; pydantic's.

    Example:
        >>> made = job(my_record, artifact, {"imageName": "wine:1", "port": 8080})
        >>> made.arguments.port
        8080
    """
    written = dict(arguments or {})
    packaging = ModelPackaging.model_validate(
        {"id": "example", "spec": {"integrationName": record.name, "arguments": written}}
    )
    connection = Connection.model_validate({"id": "registry", "spec": {"type": "docker", "uri": registry}})
    return PackagingJob(
        packaging=packaging,
        packager=record.name,
        arguments=record.arguments.model_validate(written),
        targets={PUSH_TARGET: connection},
        artifact=artifact,
        random_uuid=UUID,
        platforms=platforms,
    )


def plan_of(
    record: PackagerRecord,
    artifact: ModelArtifact,
    arguments: Mapping[str, Any] | None = None,
    *,
    registry: str = _REGISTRY,
    platforms: tuple[str, ...] = (DEFAULT_PLATFORM,),
) -> BuildPlan:
    """Return the plan of a packager, checked for what every plan must be.

    It is pure: asked twice, the packager says the same. Its Dockerfile template loses nothing.

    Args:
        record: The packager's record.
        artifact: The model.
        arguments: Arguments as a manifest spells them.
        registry: The ``uri`` of the push target's connection.
        platforms: ``os/arch`` of each image wanted.

    Raises:
        OdahuPackError: What the packager refuses.
    """
    made = job(record, artifact, arguments, registry=registry, platforms=platforms)
    plan = record.create().plan(made)
    assert plan == record.create().plan(made), "the same job gives another plan the second time"
    assert plan.packager == record.name, f"the plan is of {plan.packager!r}, the packager {record.name!r}"
    plan.dockerfile()
    return plan
