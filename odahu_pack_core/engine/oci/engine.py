"""OciEngine: assembles images itself and brings them where they go, without a daemon and without root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from odahu_pack_core.engine.asked import checked_name
from odahu_pack_core.engine.source_date import source_date
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import EventSink
from odahu_pack_core.folders import cache_folder, scratch_folder
from odahu_pack_core.names import CACHE_FOLDER_VARIABLE
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.build_plan import ResolvedImage
from odahu_pack_core.plugins.distribution import OpenRegistry
from odahu_pack_core.plugins.protocols import BuildRequest, RegistryAccess
from odahu_pack_core.result import PublishedImage

from .crew import Crew
from .draft import Draft
from .making import LayersInMaking
from .outputs import OUTPUTS
from .source_image import BaseSource, SourceImage

_DRAFTS: Final = "drafts"
_PLACES: Final = "places"


class _Output(Protocol):
    """Where an image goes."""

    def send(self, layers: LayersInMaking) -> PublishedImage:
        """Bring an image there whose layers are being made."""
        ...


class OciEngine:
    """Makes images out of their layers; nothing runs while it does.

    Args:
        environ: The environment variables of the run.
        open_registry: Opens registries.
        bases: Finds base images.
    """

    def __init__(self, environ: Mapping[str, str], open_registry: OpenRegistry, bases: BaseSource) -> None:
        self._environ = environ
        self._open_registry = open_registry
        self._bases = bases
        self._found: dict[tuple[str, str], SourceImage] = {}

    def inspect_base(
        self, base: BaseImage, platform: str, pull: RegistryAccess | None, emit: EventSink
    ) -> BaseFacts:
        """Find a base image and say what is in it, without running it.

        Raises:
            RegistryError: It cannot be had for this platform.
        """
        source = self._bases.find(base, platform, pull, emit)
        self._found[str(source.facts.reference), platform] = source
        return source.facts

    def execute(self, request: BuildRequest, emit: EventSink) -> PublishedImage:
        """Make the image and bring it to its output; nothing half-made stays, whatever ends it.

        Raises:
            EngineError: The image cannot be made without a container, or the output cannot be written.
            RegistryError: A registry refused or failed.
            ArtifactError: A file of the model artifact is gone or changed.
            DependencyError: The model's environment cannot be made.
        """
        output = self._output(request, emit)
        time = source_date(self._environ)
        drafts = [
            Draft.of(image, self._base(image, request, emit), request, time) for image in request.plan.images
        ]
        with self._drafts_folder() as folder, Crew(emit) as crew:
            layers = LayersInMaking(drafts, crew, folder)
            return output.send(layers)

    def _base(self, image: ResolvedImage, request: BuildRequest, emit: EventSink) -> SourceImage:
        if found := self._found.get((str(image.base.reference), image.platform)):
            return found
        wanted = replace(request.plan.plan.base, reference=image.base.reference)
        return self._bases.find(wanted, image.platform, request.pull, emit)

    def _output(self, request: BuildRequest, emit: EventSink) -> _Output:
        image = checked_name(request, "oci", OUTPUTS)
        match request.output.type, request.output.dest:
            case "oci", Path() as dest:
                from .to_files import LayoutOutput  # noqa: PLC0415  # an output is imported when it is chosen

                return LayoutOutput(image, dest, emit)
            case "docker-archive", Path() as dest:
                from .to_files import DockerArchiveOutput  # noqa: PLC0415  # as above

                return DockerArchiveOutput(image, dest, emit)
            case "docker", _:
                from .to_docker import DockerOutput  # noqa: PLC0415  # as above

                return DockerOutput(image, self._environ, emit)
        from .to_registry import RegistryOutput  # noqa: PLC0415  # as above

        places = cache_folder(self._environ) / _PLACES
        return RegistryOutput(image, request.push, self._open_registry, places, emit)

    @contextmanager
    def _drafts_folder(self) -> Iterator[Path]:
        """Give a folder for blobs that are needed only until they are sent."""
        parent = cache_folder(self._environ) / _DRAFTS
        with ExitStack() as stack:
            try:
                parent.mkdir(parents=True, exist_ok=True)
                folder = stack.enter_context(scratch_folder(parent))
            except OSError as error:
                hint = f"set {CACHE_FOLDER_VARIABLE} to a folder that can be written"
                message = f"cannot write {parent}: {error.strerror}"
                raise EngineError(message, code="cannot-write", hint=hint) from None
            yield folder
