"""A GPPI model as it will stand in Triton's model repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from odahu_pack_core import (
    ArtifactError,
    Decision,
    GppiManifest,
    ModelArtifact,
    PackagingJob,
    TextFile,
    code_files,
)
from odahu_pack_triton.arguments import TritonArguments
from odahu_pack_triton.config import CONFIG, read_config
from odahu_pack_triton.environment import plan_environment
from odahu_pack_triton.image_config import with_environment
from odahu_pack_triton.image_repository import ImageRepository
from odahu_pack_triton.linted import check_models
from odahu_pack_triton.model_layers import model_layers
from odahu_pack_triton.names import MODELS
from odahu_pack_triton.repository import ModelFolder, ModelRepository, with_files
from odahu_pack_triton.triton_model import TritonModel

from .config import gppi_config

_VERSION: Final = "1"
_RUNTIME: Final = f"{_VERSION}/gppi_runtime"
_FACTS: Final = f"{_VERSION}/model.json"
_ARTIFACT: Final = f"{_VERSION}/artifact"
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME: Final = 128


def decide_gppi(job: PackagingJob, arguments: TritonArguments) -> ImageRepository:
    """Decide the model repository of an image with a GPPI model.

    Args:
        job: The job; its artifact is a GPPI one.
        arguments: Its arguments.

    Raises:
        ArtifactError: The model's name has no letter or digit, or its configuration cannot be made complete.
        PlanError: The release cannot serve it.
        SpecError: Its conda file is wrong.
    """
    artifact, release = job.artifact, arguments.release
    name = model_name(artifact.name)
    conda = _manifest(artifact).binaries.conda_path
    at = f"{MODELS}/{name}"
    environment = plan_environment(artifact, conda, release, at, build_from_source=job.build_from_source)
    config, decisions = gppi_config(artifact, arguments)
    text = with_environment(config, environment.parameter)
    folder = with_files(_folder(artifact, name), {CONFIG: text.encode()})
    model = TritonModel(folder, read_config(text), environment, decisions)
    notices = check_models({name: model}, ModelRepository({name: folder}), release)
    return ImageRepository(
        models={name: model},
        layers=model_layers({name: model}, {}),
        decisions=(*_name_decision(artifact, name), *decisions, *environment.decisions),
        notices=notices,
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


def _folder(artifact: ModelArtifact, name: str) -> ModelFolder:
    """Return the model's folder: our own code, and beside it the artifact as it is."""
    entries = {_place(entry.path): entry for entry in artifact.entries}
    made = {file.path: file.content for file in _made(_manifest(artifact))}
    return with_files(ModelFolder(name, artifact, entries), made)


def _place(path: str) -> str:
    return CONFIG if path == CONFIG else f"{_ARTIFACT}/{path}"


def _made(manifest: GppiManifest) -> Iterator[TextFile]:
    yield from code_files("odahu_pack_triton", "triton_runtime", _VERSION)
    yield from code_files("odahu_pack_core", "gppi_runtime", _RUNTIME)
    yield TextFile(_FACTS, manifest.model.runtime_facts())


def _name_decision(artifact: ModelArtifact, name: str) -> Iterator[Decision]:
    if name != artifact.name:
        reason = f"a model of Triton is named like its folder, and {artifact.name!r} cannot name one"
        yield Decision("name for Triton", name, reason)


def _manifest(artifact: ModelArtifact) -> GppiManifest:
    manifest = artifact.manifest
    assert isinstance(manifest, GppiManifest)  # noqa: S101  # the reader of this kind sees to it
    return manifest
