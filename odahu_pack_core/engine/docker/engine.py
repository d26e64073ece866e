"""DockerEngine: finds base images and executes resolved plans with the Docker Engine API."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path

from odahu_pack_core.engine.asked import checked_name
from odahu_pack_core.engine.base_words import located_base_refused
from odahu_pack_core.engine.build_context import BuildContext
from odahu_pack_core.engine.contents import ImageContents
from odahu_pack_core.engine.destination import whole_file
from odahu_pack_core.engine.single import SingleBuild
from odahu_pack_core.events import EventSink, Progress
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import BuildRequest, RegistryAccess
from odahu_pack_core.result import PublishedImage

from .base import ensure_base, find_base
from .build import build_image
from .client import DockerClient
from .connection import connected
from .loan import alone_with, name_lent
from .outputs import OUTPUTS
from .push import check_login, push_image


class DockerEngine:
    """The Docker engine that ``DOCKER_HOST`` names, or the one at the default socket.

    Args:
        environ: The environment variables of the run.
        known: What was found in images before, by id; kept by whoever wants to look only once.
    """

    def __init__(
        self, environ: Mapping[str, str], known: MutableMapping[str, ImageContents] | None = None
    ) -> None:
        self._environ = environ
        self._known = known if known is not None else {}

    def inspect_base(
        self, base: BaseImage, platform: str, pull: RegistryAccess | None, emit: EventSink
    ) -> BaseFacts:
        """Find a base image and say what is in it, without running it.

        Its registry is asked first; when that fails, the engine's own store.

        Raises:
            RegistryError: Neither has it for this platform.
            EngineError: The engine is absent or failed, or the base is in the file system.
        """
        if base.location is not None:
            raise located_base_refused("the engine docker", base.location)
        with connected(self._environ) as client:
            return find_base(client, base, platform, pull, emit, known=self._known)

    def execute(self, request: BuildRequest, emit: EventSink) -> PublishedImage:
        """Build the image and bring it to its output; nothing half-made stays, whatever ends it.

        Raises:
            EngineError: The engine is absent, the build failed, or the output is none of this engine's.
            RegistryError: The push failed.
            ArtifactError: A file of the model artifact is gone or changed.
        """
        image = checked_name(request, "docker", OUTPUTS)
        build = SingleBuild.of(request)
        build.make_layers(emit)
        context = BuildContext.of(build)
        with connected(self._environ) as client:
            if request.output.type == "registry":
                check_login(client, image, request.push)
            ensure_base(client, build.image.base, request.pull, emit)
            image_id = build_image(client, context, emit)
            keep = request.output.type == "docker"
            with (
                alone_with(image, client.host, self._environ, emit),
                name_lent(client, image, image_id, keep=keep),
            ):
                return _published(client, request, image, image_id, emit)


def _published(
    client: DockerClient, request: BuildRequest, image: ImageReference, image_id: str, emit: EventSink
) -> PublishedImage:
    if request.output.type == "registry":
        digest = push_image(client, image, image_id, request.push, emit)
        return PublishedImage(image, digest, f"the registry {image.registry}")
    if request.output.type == "docker-archive" and request.output.dest is not None:
        _save(client, image, request.output.dest, emit)
        return PublishedImage(image, image_id, str(request.output.dest))
    return PublishedImage(image, image_id, f"the Docker engine at {client.host}")


def _save(client: DockerClient, image: ImageReference, dest: Path, emit: EventSink) -> None:
    done = 0
    with whole_file(dest) as write, client.download(f"/images/{image}/get") as chunks:
        for chunk in chunks:
            write(chunk)
            done += len(chunk)
            emit(Progress("save", str(dest), done, 0))
