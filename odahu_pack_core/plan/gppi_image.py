"""What images of GPPI models share, whatever serves them: base, environment, model files, settings."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from odahu_pack_core.errors import PlanError
from odahu_pack_core.events import Decision
from odahu_pack_core.names import (
    ARTIFACT_ROOT,
    DEFAULT_IMAGE_NAME,
    IMAGE_USER,
    LABEL_PREFIX,
    MODEL_ENVIRONMENT,
    RUNTIME_ROOT,
)
from odahu_pack_core.spec.entity import StrictModel
from odahu_pack_core.spec.manifest import GppiManifest, ModelSection
from odahu_pack_core.values import dataclass

from .base import BaseImage
from .build_plan import BASE_BLOCK, Block, FilesLayer
from .dependencies import read_conda_file
from .environment import EnvironmentLayer
from .files import TextFile
from .instruction import AddLayer, Env, From, Instruction, Label, User
from .job import PULL_TARGET, PackagingJob
from .python_choice import choose_base

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable  # new in Python 3.11

ENVIRONMENT_LAYER: Final = "environment"
MODEL_LAYER: Final = "model"
_SETTINGS: Final = (Env("HOME", "/tmp"), User(IMAGE_USER))  # noqa: S108  # all that a read-only container may write


class GppiArguments(StrictModel):
    """Arguments of every packager of GPPI models; a packager's own model extends them."""

    image_name: Annotated[str, Field(min_length=1)] = Field(
        default=DEFAULT_IMAGE_NAME,
        description="Name of the image, or a template of it with Name, Version and RandomUUID.",
        examples=["myservice:123", "{{ Name }}:{{ Version }}"],
    )
    dockerfile_base_image: Annotated[str, Field(min_length=1)] | SkipJsonSchema[None] = Field(
        default=None,
        description="Base image. Left out: python:X.Y-slim for the Python of conda.yaml, else python:3.6.",
    )


@dataclass(frozen=True)
class GppiImage:
    """The parts of an image that follow from a GPPI artifact alone.

    Args:
        base: The base image.
        environment: The model's virtual environment, as layer ``environment``.
        model: The artifact and ``model.json``, as layer ``model``.
        facts: Labels and environment variables that tell of the model.
        settings: Environment variables and user of every container.
        decisions: Choices made, with their reasons.
    """

    base: BaseImage
    environment: EnvironmentLayer
    model: FilesLayer
    facts: tuple[Instruction, ...]
    settings: tuple[Instruction, ...]
    decisions: tuple[Decision, ...]

    def first_blocks(self) -> tuple[Block, ...]:
        """Return the blocks ``base`` and ``environment``, with which an image begins."""
        return (
            Block(BASE_BLOCK, (From(str(self.base.reference)),)),
            Block(ENVIRONMENT_LAYER, (AddLayer(ENVIRONMENT_LAYER),)),
        )

    def model_block(self) -> Block:
        """Return the block ``model``, which stands last: only its end changes with the weights."""
        return Block(MODEL_LAYER, (*self.facts, AddLayer(MODEL_LAYER)))


def gppi_image(job: PackagingJob, packager: str, written_base: str | None) -> GppiImage:
    """Decide what an image of this job's model holds, whatever serves it.

    Args:
        job: The job; its artifact must be a GPPI one.
        packager: Name of the packager, for labels.
        written_base: The base image that the user wrote; None to choose one.

    Raises:
        PlanError: The artifact is no GPPI model, or base and Python pin contradict each other.
        SpecError: The conda file is wrong.
    """
    manifest = job.artifact.manifest
    if not isinstance(manifest, GppiManifest):
        raise PlanError(
            f"{packager} packages GPPI models, not {job.artifact.kind} ones", code="wrong-artifact"
        )
    conda = read_conda_file(
        job.artifact, manifest.binaries.conda_path, build_from_source=job.build_from_source
    )
    base, base_decisions = choose_base(conda.python, written_base, pull_uri=job.uri_of(PULL_TARGET))
    environment = EnvironmentLayer(ENVIRONMENT_LAYER, MODEL_ENVIRONMENT, "venv", conda.dependencies)
    return GppiImage(
        base=base,
        environment=environment,
        model=FilesLayer.of(MODEL_LAYER, (_model_json(manifest.model), *job.artifact.planned(ARTIFACT_ROOT))),
        facts=tuple(_facts(manifest.model, packager)),
        settings=_SETTINGS,
        decisions=(*base_decisions, *conda.decisions),
    )


def code_files(package: str, folder: str, destination: str) -> Iterator[TextFile]:
    """Yield the Python files of a package's folder as files of the image.

    Args:
        package: Import name of the package that ships the code; it is imported, its folders are not.
        folder: Folder inside the package, with ``/``; empty for the package itself.
        destination: Absolute path in the image.
    """
    root = files(package)
    yield from _python_files(root.joinpath(folder) if folder else root, destination)


def _python_files(folder: Traversable, destination: str) -> Iterator[TextFile]:
    for member in sorted(folder.iterdir(), key=lambda member: member.name):
        if member.is_dir() and member.name != "__pycache__":
            yield from _python_files(member, f"{destination}/{member.name}")
        elif member.name.endswith(".py"):
            yield TextFile(f"{destination}/{member.name}", member.read_bytes())


def _model_json(model: ModelSection) -> TextFile:
    return TextFile(f"{RUNTIME_ROOT}/model.json", model.runtime_facts())


def _facts(model: ModelSection, packager: str) -> Iterator[Instruction]:
    yield Label("org.opencontainers.image.title", model.name)
    yield Label("org.opencontainers.image.version", model.version)
    yield Label(f"{LABEL_PREFIX}.packager", packager)
    yield Label(f"{LABEL_PREFIX}.model.name", model.name)
    yield Label(f"{LABEL_PREFIX}.model.version", model.version)
    yield Env("MODEL_LOCATION", str(PurePosixPath(ARTIFACT_ROOT, model.work_dir)))
    yield Env("ODAHU_MODEL_NAME", model.name)
    yield Env("ODAHU_MODEL_VERSION", model.version)
