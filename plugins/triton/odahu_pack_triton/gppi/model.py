"""A GPPI model as it will stand in Triton's model repository."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from odahu_pack_core import (
    ArtifactError,
    Decision,
    GppiManifest,
    ModelArtifact,
    PackagingJob,
    PlannedFile,
    TextFile,
    code_files,
)
from odahu_pack_triton.config import CONFIG
from odahu_pack_triton.environment import ModelEnvironment, plan_environment
from odahu_pack_triton.releases import Release

from .config import gppi_config

REPOSITORY: Final = "/models"
_VERSION: Final = "1"
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME: Final = 128


@dataclass(frozen=True)
class GppiModel:
    """A GPPI model as it will stand in an image.

    Args:
        artifact: Where it comes from.
        name: Its name for Triton, which is that of its folder.
        config: Text of its configuration.
        environment: Its environment.
        decisions: Choices made, with their reasons.
    """

    artifact: ModelArtifact
    name: str
    config: str
    environment: ModelEnvironment
    decisions: tuple[Decision, ...]

    def files(self) -> Iterator[PlannedFile]:
        """Yield the files of the model's folder and of its version's."""
        folder = f"{REPOSITORY}/{self.name}"
        version = f"{folder}/{_VERSION}"
        yield TextFile(f"{folder}/{CONFIG}", self.config.encode())
        yield from self.environment.files
        yield from code_files("odahu_pack_triton", "triton_runtime", version)
        yield from code_files("odahu_pack_core", "gppi_runtime", f"{version}/gppi_runtime")
        yield TextFile(f"{version}/model.json", _facts(_manifest(self.artifact)))
        yield from self.artifact.planned(f"{version}/artifact", without=frozenset({CONFIG}))


def decide_gppi(job: PackagingJob, release: Release, max_batch_size: int | None) -> GppiModel:
    """Decide how the GPPI model of a job will stand in an image.

    Args:
        job: The job; its artifact is a GPPI one.
        release: The Triton release.
        max_batch_size: The argument ``maxBatchSize``; None where it is not written.

    Raises:
        ArtifactError: Its name has no letter or digit, or its ``config.pbtxt`` cannot be made complete.
        PlanError: The release cannot serve it.
        SpecError: Its conda file is wrong.
    """
    artifact = job.artifact
    name = model_name(artifact.name)
    conda = _manifest(artifact).binaries.conda_path
    folder = f"{REPOSITORY}/{name}"
    environment = plan_environment(artifact, conda, release, folder, build_from_source=job.build_from_source)
    config, decisions = gppi_config(artifact, release, environment.parameter, max_batch_size)
    return GppiModel(
        artifact=artifact,
        name=name,
        config=config,
        environment=environment,
        decisions=(*_name_decision(artifact, name), *environment.decisions, *decisions),
    )


def model_name(name: str) -> str:
    """Return the name that Triton knows a model by: its own, as far as a folder can have it.

    Raises:
        ArtifactError: Nothing of it is left.
    """
    fitting = _UNFIT.sub("-", name)[:_LONGEST_NAME].strip(".-")
    if not fitting:
        raise ArtifactError(
            f"no part of the model's name {name!r} can be the name of a folder, which Triton needs",
            code="model-name",
            hint="put a letter or a digit into model.name",
        )
    return fitting


def _name_decision(artifact: ModelArtifact, name: str) -> Iterator[Decision]:
    if name != artifact.name:
        reason = f"a model of Triton is named like its folder, and {artifact.name!r} cannot name one"
        yield Decision("name for Triton", name, reason)


def _manifest(artifact: ModelArtifact) -> GppiManifest:
    manifest = artifact.manifest
    assert isinstance(manifest, GppiManifest)  # noqa: S101  # the reader of this kind sees to it
    return manifest


def _facts(manifest: GppiManifest) -> bytes:
    model = manifest.model
    facts = {
        "name": model.name,
        "version": model.version,
        "workDir": model.work_dir,
        "entrypoint": model.entrypoint,
    }
    return json.dumps(facts, indent=2).encode() + b"\n"
