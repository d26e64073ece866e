"""The plan of a docker-triton image: Triton's own image with a model repository."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

from odahu_pack_core import (
    BASE_BLOCK,
    IMAGE_USER,
    LABEL_PREFIX,
    AddLayer,
    ArtifactError,
    BaseImage,
    BasePython,
    Block,
    Build,
    BuildPlan,
    Cmd,
    Decision,
    Env,
    Expose,
    From,
    ImageReference,
    Label,
    ModelArtifact,
    PackagingJob,
    PackagingResult,
    PlanError,
    ResolvedPlan,
    User,
)

from .arguments import TritonArguments
from .environment import LAYER
from .gppi import decide_gppi
from .image_repository import ImageRepository, decide_repository
from .names import DOCKER_TRITON, GPPI, MODELS, TRITON
from .releases import Release

_REGISTRY: Final = "nvcr.io"
_BASE: Final = "nvidia/tritonserver"
_HTTP, _GRPC, _METRICS = 8000, 8001, 8002
_READY: Final = "/v2/health/ready"
_LONGEST_LABEL: Final = 2000


class TritonPackager:
    """Packages a model for NVIDIA Triton Inference Server."""

    def plan(self, job: PackagingJob) -> BuildPlan:
        """Decide the image; pure and offline."""
        arguments = job.arguments
        assert isinstance(arguments, TritonArguments)  # noqa: S101  # the record names this model
        repository = _repository(job, arguments)
        base = _base(arguments, repository)
        environments = tuple(environment.layer for environment in repository.environments)
        return BuildPlan(
            packager=DOCKER_TRITON,
            image=job.image_reference(arguments.image_name),
            base=base,
            blocks=tuple(_blocks(base, job.artifact, repository, arguments.release)),
            layers=(*environments, *repository.layers),
            template=files(__package__).joinpath("templates/Dockerfile.j2").read_text(encoding="utf-8"),
            platforms=job.platforms,
            decisions=(_base_decision(base, arguments), *repository.decisions),
            notices=repository.notices,
        )

    def build_and_push(self, job: PackagingJob, plan: ResolvedPlan, build: Build) -> PackagingResult:  # noqa: ARG002  # as the protocol has it
        """Publish the image."""
        return PackagingResult(build.publish(plan))


def _repository(job: PackagingJob, arguments: TritonArguments) -> ImageRepository:
    if job.artifact.kind == GPPI:
        return decide_gppi(job, arguments)
    if job.artifact.kind != TRITON:
        raise ArtifactError(
            f"docker-triton packages GPPI models and those in Triton's own formats, "
            f"but this is a {job.artifact.kind} artifact",
            code="wrong-artifact",
        )
    if arguments.written_batch_size is not None:
        raise PlanError(
            "maxBatchSize is for GPPI models",
            code="argument-without-use",
            hint="write max_batch_size into config.pbtxt",
        )
    return decide_repository(job, arguments.release)


def _base(arguments: TritonArguments, repository: ImageRepository) -> BaseImage:
    pins = [environment.python_pin for environment in repository.environments]
    return BaseImage(
        ImageReference(_BASE, _REGISTRY, arguments.triton_base_image_tag),
        explicit="triton_base_image_tag" in arguments.model_fields_set,
        keeps_entrypoint=True,
        python_pin=",".join(dict.fromkeys(filter(None, pins))),
        known=BasePython(arguments.release.python, arguments.release.interpreter),
    )


def _base_decision(base: BaseImage, arguments: TritonArguments) -> Decision:
    origin = "triton_base_image_tag" if base.explicit else "the default of triton_base_image_tag"
    return Decision("base image", str(base.reference), f"{origin}; Triton {arguments.release.server}")


def _blocks(
    base: BaseImage, artifact: ModelArtifact, repository: ImageRepository, release: Release
) -> Iterator[Block]:
    yield Block(BASE_BLOCK, (From(str(base.reference)),))
    environments = tuple(AddLayer(environment.layer.name) for environment in repository.environments)
    if environments:
        yield Block(LAYER, environments)
    models = (AddLayer(layer.name) for layer in repository.layers)
    yield Block("model", (*models, *_labels(artifact, repository)))
    yield Block("ports", (Expose(_HTTP), Expose(_GRPC), Expose(_METRICS)))
    # /tmp is the one place that is writable in a read-only container.
    yield Block("settings", (Env("HOME", "/tmp"), User(IMAGE_USER)))  # noqa: S108  # in the image, where it is the only home
    yield Block("start", (_command(repository, release),))


def _labels(artifact: ModelArtifact, repository: ImageRepository) -> Iterator[Label]:
    yield Label("org.opencontainers.image.title", artifact.name)
    yield Label("org.opencontainers.image.version", artifact.version)
    yield Label(f"{LABEL_PREFIX}.packager", DOCKER_TRITON)
    yield Label(f"{LABEL_PREFIX}.model.name", artifact.name)
    yield Label(f"{LABEL_PREFIX}.model.version", artifact.version)
    models = json.dumps(repository.versions, separators=(",", ":"))
    if len(models) <= _LONGEST_LABEL:
        yield Label(f"{LABEL_PREFIX}.triton.models", models)
    yield Label(f"{LABEL_PREFIX}.port", str(_HTTP))
    yield Label(f"{LABEL_PREFIX}.ready", _READY)


def _command(repository: ImageRepository, release: Release) -> Cmd:
    completes = () if release.completes_config else ("--strict-model-config=false",)
    options = (option for environment in repository.environments for option in environment.options)
    return Cmd(("tritonserver", f"--model-repository={MODELS}", *completes, *options))
