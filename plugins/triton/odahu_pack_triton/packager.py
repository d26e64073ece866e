"""The plan of a docker-triton image: Triton's own image with a model repository of one model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from odahu_pack_core import (
    BASE_BLOCK,
    IMAGE_USER,
    LABEL_PREFIX,
    AddLayer,
    ArtifactError,
    BaseImage,
    Block,
    Build,
    BuildPlan,
    Cmd,
    Decision,
    Env,
    Expose,
    FilesLayer,
    From,
    ImageReference,
    Label,
    ModelArtifact,
    PackagingJob,
    PackagingResult,
    PlanError,
    PlannedFile,
    ResolvedPlan,
    TextFile,
    User,
)

from .arguments import TritonArguments
from .artifact import TRITON, manifests_of
from .config import CONFIG, ModelConfig, check_config, read_config
from .environment import LAYER, ModelEnvironment, conda_file_of, plan_environment
from .formats import PYTHON, ModelFormat
from .image_config import image_config
from .model_file import choose_format
from .releases import Release, releases_with

NAME: Final = "docker-triton"
REPOSITORY: Final = "/models"
"""The model repository inside an image."""

_BASE: Final = ("nvidia/tritonserver", "nvcr.io")
_HTTP, _GRPC, _METRICS = 8000, 8001, 8002
_READY: Final = "/v2/health/ready"
_MODEL_LAYER: Final = "model"


@dataclass(frozen=True)
class _Model:
    """A model as it will stand in the image."""

    artifact: ModelArtifact
    format: ModelFormat
    config: ModelConfig | None
    environment: ModelEnvironment | None
    not_beside_it: frozenset[str]
    decisions: tuple[Decision, ...]

    @property
    def folder(self) -> str:
        return f"{REPOSITORY}/{self.artifact.name}"


class TritonPackager:
    """Packages a model for NVIDIA Triton Inference Server."""

    def plan(self, job: PackagingJob) -> BuildPlan:
        """Decide the image; pure and offline.

        Raises:
            ArtifactError: The artifact lacks what Triton needs, or its configuration is wrong.
            PlanError: The Triton release cannot serve this model.
        """
        arguments = job.arguments
        assert isinstance(arguments, TritonArguments)  # noqa: S101  # the record names this model
        release = arguments.release
        model = _model(job, release)
        text, decisions = image_config(
            model.config,
            job.artifact,
            model.format,
            release,
            model.environment.parameter if model.environment else "",
        )
        reference = ImageReference(*_BASE, tag=arguments.triton_base_image_tag)
        python = model.environment.python if model.environment else None
        layers = (FilesLayer.of(_MODEL_LAYER, _repository(model, text)),)
        return BuildPlan(
            packager=NAME,
            image=job.image_reference(arguments.image_name),
            base=BaseImage(reference, python=python, explicit=True, keeps_entrypoint=True),
            blocks=tuple(_blocks(reference, model, release)),
            layers=(model.environment.layer, *layers) if model.environment else layers,
            template=files(__package__).joinpath("templates/Dockerfile.j2").read_text(encoding="utf-8"),
            platforms=job.platforms,
            decisions=(_base_decision(reference, release), *model.decisions, *decisions),
        )

    def build_and_push(self, job: PackagingJob, plan: ResolvedPlan, build: Build) -> PackagingResult:  # noqa: ARG002
        """Publish the image."""
        return PackagingResult(build.publish(plan))


def _model(job: PackagingJob, release: Release) -> _Model:
    artifact = job.artifact
    if artifact.kind != TRITON:
        raise ArtifactError(
            f"{NAME} packages models in Triton's own formats, but this artifact is a {artifact.kind} model",
            code="wrong-artifact",
            hint="use docker-rest or docker-cli for it" if artifact.kind == "gppi" else "",
        )
    config = read_config(artifact)
    format_, decision = choose_format(artifact, config)
    _check_release(format_, release)
    if config is not None:
        check_config(config, artifact, format_)
    conda = conda_file_of(artifact)
    aside = manifests_of(artifact) | {CONFIG}
    environment = None
    decisions = [decision]
    if conda and format_ == PYTHON:
        folder = f"{REPOSITORY}/{artifact.name}"
        environment = plan_environment(
            artifact, conda, release, folder, build_from_source=job.build_from_source
        )
        decisions += environment.decisions
        aside |= {conda}
    elif conda:
        reason = f"only Python models have an environment, and {format_.file} is none"
        decisions.append(Decision(conda, "kept as a file beside the model", reason))
    return _Model(artifact, format_, config, environment, frozenset(aside), tuple(decisions))


def _check_release(format_: ModelFormat, release: Release) -> None:
    if format_.backend in release.backends:
        return
    older = [version for version in releases_with(format_.backend) if version < release.version]
    raise PlanError(
        f"Triton {release.version} has no backend for {format_.title} models ({format_.file})",
        code="no-backend",
        hint=f"the last one before it that has: triton_base_image_tag {older[-1]}-py3",
    )


def _repository(model: _Model, config: str) -> Iterator[PlannedFile]:
    """Yield the model repository: the model's folder with its configuration, its version's with its files."""
    yield from model.artifact.planned(f"{model.folder}/{model.artifact.version}", without=model.not_beside_it)
    if config:
        yield TextFile(f"{model.folder}/{CONFIG}", config.encode())
    if model.environment:
        yield from model.environment.files
    labels = model.config.label_files if model.config else ()
    for file in model.artifact.planned(model.folder):
        if file.path.removeprefix(f"{model.folder}/") in labels:
            yield file


def _blocks(reference: ImageReference, model: _Model, release: Release) -> Iterator[Block]:
    yield Block(BASE_BLOCK, (From(str(reference)),))
    if model.environment:
        yield Block(LAYER, (AddLayer(LAYER),))
    yield Block(_MODEL_LAYER, (AddLayer(_MODEL_LAYER), *_labels(model)))
    yield Block("ports", (Expose(_HTTP), Expose(_GRPC), Expose(_METRICS)))
    # /tmp is the one place that is writable in a read-only container.
    yield Block("settings", (Env("HOME", "/tmp"), User(IMAGE_USER)))  # noqa: S108
    yield Block("start", (_command(model, release),))


def _labels(model: _Model) -> Iterator[Label]:
    name, version = model.artifact.name, model.artifact.version
    yield Label("org.opencontainers.image.title", name)
    yield Label("org.opencontainers.image.version", version)
    yield Label(f"{LABEL_PREFIX}.packager", NAME)
    yield Label(f"{LABEL_PREFIX}.model.name", name)
    yield Label(f"{LABEL_PREFIX}.model.version", version)
    yield Label(f"{LABEL_PREFIX}.port", str(_HTTP))
    yield Label(f"{LABEL_PREFIX}.ready", _READY)


def _command(model: _Model, release: Release) -> Cmd:
    words = ["tritonserver", f"--model-repository={REPOSITORY}"]
    if not release.completes_config:
        words.append("--strict-model-config=false")
    return Cmd((*words, *(model.environment.options if model.environment else ())))


def _base_decision(reference: ImageReference, release: Release) -> Decision:
    return Decision("base image", str(reference), f"triton_base_image_tag; it is Triton {release.server}")
