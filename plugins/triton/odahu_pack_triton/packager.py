"""The plan of a docker-triton image: Triton's own image with a model repository of one model."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Final

from odahu_pack_core import (
    BASE_BLOCK,
    IMAGE_USER,
    LABEL_PREFIX,
    AddLayer,
    BaseImage,
    BasePython,
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
    ResolvedPlan,
    User,
)

from .arguments import TritonArguments
from .environment import LAYER
from .names import DOCKER_TRITON
from .releases import Release
from .triton_model import REPOSITORY, TritonModel, decide_model

_REGISTRY: Final = "nvcr.io"
_BASE: Final = "nvidia/tritonserver"
_HTTP, _GRPC, _METRICS = 8000, 8001, 8002
_READY: Final = "/v2/health/ready"
_MODEL_LAYER: Final = "model"


class TritonPackager:
    """Packages a model for NVIDIA Triton Inference Server."""

    def plan(self, job: PackagingJob) -> BuildPlan:
        """Decide the image; pure and offline."""
        arguments = job.arguments
        assert isinstance(arguments, TritonArguments)  # noqa: S101  # the record names this model
        model = decide_model(job, arguments.release)
        base = _base(arguments, model)
        environments = (model.environment.layer,) if model.environment else ()
        return BuildPlan(
            packager=DOCKER_TRITON,
            image=job.image_reference(arguments.image_name),
            base=base,
            blocks=tuple(_blocks(base, model, arguments.release)),
            layers=(*environments, FilesLayer.of(_MODEL_LAYER, model.files())),
            template=files(__package__).joinpath("templates/Dockerfile.j2").read_text(encoding="utf-8"),
            platforms=job.platforms,
            decisions=(_base_decision(base, arguments), *model.decisions),
        )

    def build_and_push(self, job: PackagingJob, plan: ResolvedPlan, build: Build) -> PackagingResult:  # noqa: ARG002  # as the protocol has it
        """Publish the image."""
        return PackagingResult(build.publish(plan))


def _base(arguments: TritonArguments, model: TritonModel) -> BaseImage:
    return BaseImage(
        ImageReference(_BASE, _REGISTRY, arguments.triton_base_image_tag),
        explicit="triton_base_image_tag" in arguments.model_fields_set,
        keeps_entrypoint=True,
        python_pin=model.environment.python_pin if model.environment else "",
        known=BasePython(arguments.release.python, arguments.release.interpreter),
    )


def _base_decision(base: BaseImage, arguments: TritonArguments) -> Decision:
    origin = "triton_base_image_tag" if base.explicit else "the default of triton_base_image_tag"
    return Decision("base image", str(base.reference), f"{origin}; Triton {arguments.release.server}")


def _blocks(base: BaseImage, model: TritonModel, release: Release) -> Iterator[Block]:
    yield Block(BASE_BLOCK, (From(str(base.reference)),))
    if model.environment:
        yield Block(LAYER, (AddLayer(LAYER),))
    yield Block(_MODEL_LAYER, (AddLayer(_MODEL_LAYER), *_labels(model.artifact)))
    yield Block("ports", (Expose(_HTTP), Expose(_GRPC), Expose(_METRICS)))
    # /tmp is the one place that is writable in a read-only container.
    yield Block("settings", (Env("HOME", "/tmp"), User(IMAGE_USER)))  # noqa: S108  # in the image, where it is the only home
    yield Block("start", (_command(model, release),))


def _labels(artifact: ModelArtifact) -> Iterator[Label]:
    yield Label("org.opencontainers.image.title", artifact.name)
    yield Label("org.opencontainers.image.version", artifact.version)
    yield Label(f"{LABEL_PREFIX}.packager", DOCKER_TRITON)
    yield Label(f"{LABEL_PREFIX}.model.name", artifact.name)
    yield Label(f"{LABEL_PREFIX}.model.version", artifact.version)
    yield Label(f"{LABEL_PREFIX}.port", str(_HTTP))
    yield Label(f"{LABEL_PREFIX}.ready", _READY)


def _command(model: TritonModel, release: Release) -> Cmd:
    completes = () if release.completes_config else ("--strict-model-config=false",)
    options = model.environment.options if model.environment else ()
    return Cmd(("tritonserver", f"--model-repository={REPOSITORY}", *completes, *options))
