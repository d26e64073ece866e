"""What a plugin implements: packagers, engines, artifact readers and registry access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol, runtime_checkable

from odahu_pack_core.events import EventSink
from odahu_pack_core.plan.artifact import ArtifactEntry, ModelArtifact
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.build_plan import BuildPlan, ResolvedPlan
from odahu_pack_core.plan.job import PackagingJob
from odahu_pack_core.plan.layer_tar import TarSource
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.result import PackagingResult, PublishedImage
from odahu_pack_core.values import dataclass

if TYPE_CHECKING:
    from odahu_pack_core.blob.packed_layer import PackedLayer

OutputType = Literal["registry", "docker", "docker-archive", "oci", "context"]
"""Where an image goes: a registry, the engine's own store, an archive, an OCI layout, or a build context."""


@dataclass(frozen=True)
class ImageOutput:
    """Where the image goes.

    Args:
        type: The kind of place.
        dest: Path for the kinds that are files or folders.
    """

    type: OutputType
    dest: Path | None = None


IDENTITY_TOKEN_USER: Final = "<token>"  # noqa: S105  # a user name
"""The user name with which Docker's credential helpers hand out an identity token in place of a password."""


@dataclass(frozen=True)
class Credentials:
    """A user name and password for a registry.

    Args:
        username: Who.
        password: The secret; no repr shows it.
        origin: Where they came from, in words, such as ``connection my-registry``.
        was_base64: Whether the password was read as base64, worth saying when the registry refuses it.
    """

    username: str
    password: str = field(repr=False)
    origin: str = ""
    was_base64: bool = False


@runtime_checkable
class PendingLayer(Protocol):
    """A `TarSource` whose content is made when it is first asked for; safe to use from several threads."""

    def packed(self, emit: EventSink) -> PackedLayer:
        """Return the finished layer, made if nobody made it before.

        Args:
            emit: Receives progress, on the calling thread.

        Raises:
            DependencyError: It cannot be made.
        """
        ...


class RegistryAccess(Protocol):
    """A way into one image registry, made by a connection type."""

    @property
    def host(self) -> str:
        """The registry's host with optional port."""
        ...

    @property
    def plain_http(self) -> bool:
        """Whether the user wrote ``http://``; else a registry that is not on loopback must speak TLS."""
        ...

    def credentials(self) -> Credentials | None:
        """Return credentials that are valid now; None for anonymous access.

        Raises:
            SpecError: A credential that the connection names cannot be read.
            RegistryError: The credentials could not be fetched.
        """
        ...

    def prepare_push(self, image: ImageReference) -> None:
        """Make sure that an image can be pushed, for instance create its repository.

        Raises:
            RegistryError: It cannot.
        """
        ...


@dataclass(frozen=True)
class BuildRequest:
    """What an engine is to do.

    Args:
        plan: The image, for one platform or several.
        layers: The tar stream of each layer that is added, by platform and name; a `PendingLayer` where it
            is not made yet.
        output: Where the image goes.
        push: The way into the registry it goes to; None for other outputs.
        pull: The way into the base image's registry; None for anonymous or local bases.
    """

    plan: ResolvedPlan
    layers: Mapping[str, Mapping[str, TarSource]]
    output: ImageOutput
    push: RegistryAccess | None = None
    pull: RegistryAccess | None = None


class Engine(Protocol):
    """Finds base images and executes resolved plans."""

    def inspect_base(
        self, base: BaseImage, platform: str, pull: RegistryAccess | None, emit: EventSink
    ) -> BaseFacts:
        """Find a base image and say what is in it, without running it.

        Raises:
            RegistryError: The image cannot be had.
            EngineError: The engine is absent or failed.
        """
        ...

    def execute(self, request: BuildRequest, emit: EventSink) -> PublishedImage:
        """Build the image and bring it to its output; nothing half-made stays.

        Raises:
            EngineError: The build failed.
            RegistryError: The push failed.
        """
        ...


class Build(Protocol):
    """What a packager is given to build and push with."""

    def publish(self, plan: ResolvedPlan) -> PublishedImage:
        """Have the engine build the image and bring it to its output."""
        ...

    def emit(self, message: str) -> None:
        """Tell the user something."""
        ...


class Packager(Protocol):
    """Turns a job into a plan, and a resolved plan into a published image."""

    def plan(self, job: PackagingJob) -> BuildPlan:
        """Decide the image; pure and offline.

        Raises:
            PlanError: No image can be planned from this job.
            ArtifactError: The artifact lacks what this packager needs.
        """
        ...

    def build_and_push(self, job: PackagingJob, plan: ResolvedPlan, build: Build) -> PackagingResult:
        """Publish the image and name the results.

        Raises:
            EngineError: The build failed.
            RegistryError: The push failed.
        """
        ...


class ArtifactReader(Protocol):
    """Recognises one kind of model artifact."""

    def __call__(self, root: Path, entries: tuple[ArtifactEntry, ...]) -> ModelArtifact | None:
        """Return the artifact; None when it is of another kind.

        Args:
            root: The unpacked artifact.
            entries: Its members, sorted.

        Raises:
            ArtifactError: It is of this kind, but broken.
        """
        ...
