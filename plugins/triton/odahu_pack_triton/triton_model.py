"""A model as it will stand in Triton's model repository, decided from its artifact and the release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from odahu_pack_core import (
    ArtifactError,
    Decision,
    ModelArtifact,
    PackagingJob,
    PlanError,
    PlannedFile,
    TextFile,
)

from .artifact import manifests_of
from .config import CONFIG, ModelConfig
from .config_checks import check_config, read_config
from .environment import ModelEnvironment, conda_file_of, plan_environment
from .formats import PYTHON, ModelFormat
from .image_config import check_environments, image_config
from .model_file import choose_format
from .names import TRITON
from .releases import Release, releases_with

REPOSITORY: Final = "/models"
"""The model repository inside an image."""


@dataclass(frozen=True)
class TritonModel:
    """A model as it will stand in an image.

    Args:
        artifact: Where it comes from.
        config: Text of its configuration; empty where it needs none.
        label_files: Files of the artifact that Triton looks for in the model's folder.
        environment: Its environment; None where the base image's will do.
        aside: Files of the artifact that do not lie beside the model.
        decisions: Choices made, with their reasons.
    """

    artifact: ModelArtifact
    config: str
    label_files: tuple[str, ...]
    environment: ModelEnvironment | None
    aside: frozenset[str]
    decisions: tuple[Decision, ...]

    def files(self) -> Iterator[PlannedFile]:
        """Yield the files of the model's folder and of its version's."""
        folder = model_folder(self.artifact)
        yield from self.artifact.planned(f"{folder}/{self.artifact.version}", without=self.aside)
        if self.config:
            yield TextFile(f"{folder}/{CONFIG}", self.config.encode())
        if self.environment:
            yield from self.environment.files
        others = frozenset(entry.path for entry in self.artifact.entries) - {*self.label_files}
        yield from self.artifact.planned(folder, without=others)


def model_folder(artifact: ModelArtifact) -> str:
    """Return the folder of a model in the repository."""
    return f"{REPOSITORY}/{artifact.name}"


def decide_model(job: PackagingJob, release: Release) -> TritonModel:
    """Decide how the model of a job will stand in an image.

    Raises:
        ArtifactError: The artifact is not a model that Triton can load.
        PlanError: The release cannot serve it.
        SpecError: Its conda file is wrong.
    """
    artifact = job.artifact
    _check_kind(artifact)
    config = read_config(artifact)
    format_, chosen = choose_format(artifact, config)
    _check_release(format_, release)
    if config is not None:
        check_config(config, artifact, format_)
    environment, environment_decisions = _environment(job, config, format_, release)
    parameter = environment.parameter if environment else ""
    text, config_decisions = image_config(config, artifact, format_, release, parameter)
    used = {environment.conda_path} if environment else set()
    return TritonModel(
        artifact=artifact,
        config=text,
        label_files=config.label_files if config else (),
        environment=environment,
        aside=frozenset({CONFIG, *manifests_of(artifact), *used}),
        decisions=(chosen, *environment_decisions, *config_decisions),
    )


def _environment(
    job: PackagingJob, config: ModelConfig | None, format_: ModelFormat, release: Release
) -> tuple[ModelEnvironment | None, tuple[Decision, ...]]:
    conda = conda_file_of(job.artifact)
    if format_ == PYTHON:
        check_environments(config, conda, release)
    if conda is None:
        return None, ()
    if format_ != PYTHON:
        reason = f"only Python models have an environment, and {format_.file} is none"
        return None, (Decision(conda, "kept as a file beside the model", reason),)
    folder = model_folder(job.artifact)
    environment = plan_environment(
        job.artifact, conda, release, folder, build_from_source=job.build_from_source
    )
    return environment, environment.decisions


def _check_kind(artifact: ModelArtifact) -> None:
    if artifact.kind != TRITON:
        raise ArtifactError(
            f"docker-triton packages models in Triton's own formats, but this is a {artifact.kind} artifact",
            code="wrong-artifact",
            hint="use docker-rest or docker-cli for it" if artifact.kind == "gppi" else "",
        )


def _check_release(format_: ModelFormat, release: Release) -> None:
    if format_.backend not in release.backends:
        older = [version for version in releases_with(format_.backend) if version < release.version]
        raise PlanError(
            f"Triton {release.version} has no backend for {format_.title} models ({format_.file})",
            code="no-backend",
            hint=f"the last one before it that has: triton_base_image_tag {older[-1]}-py3",
        )
