"""An image on its way into a Docker engine, which is sent only the layers that it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from odahu_pack_core.engine.docker.client import ApiError, DockerClient, JsonObject
from odahu_pack_core.engine.docker.connection import connected
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import EventSink, Notice
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.result import PublishedImage
from odahu_pack_core.sizes import size_text
from odahu_pack_core.values import dataclass

from .archive import Member, docker_members, named, partial_members, tar_of, tar_size
from .loadable import loadable
from .making import LayersInMaking, progress_of
from .manifest import FinishedImage
from .to_files import check_single

_HEADERS: Final = {"Content-Type": "application/x-tar"}


@dataclass(frozen=True)
class DockerOutput:
    """The Docker engine that ``DOCKER_HOST`` names, or the one at the default socket.

    Args:
        image: What the image is called.
        environ: The environment variables of the run.
        emit: Receives events on the calling thread.
    """

    image: ImageReference
    environ: Mapping[str, str]
    emit: EventSink

    def send(self, layers: LayersInMaking) -> PublishedImage:
        """Load an image whose layers are being made; until all is there, its name means what it meant.

        Raises:
            EngineError: The engine is absent or failed, or the image is for several platforms.
        """
        check_single(layers.drafts, "a Docker engine")
        with connected(self.environ) as client:
            image_id = _Load(client, self.image, layers, layers.images()[0], self.emit).complete()
            return PublishedImage(self.image, image_id, f"the Docker engine at {client.host}")


@dataclass(frozen=True)
class _Load:
    """One load.

    Args:
        client: The engine.
        name: What the image is called.
        layers: What made its layers.
        image: The image.
        emit: Receives events.
    """

    client: DockerClient
    name: ImageReference
    layers: LayersInMaking
    image: FinishedImage
    emit: EventSink

    def complete(self) -> str:
        """Load the image unless it is there, and return its id."""
        if self._loaded() == self._id:
            self.emit(Notice(f"{self.name} is in the Docker engine already, nothing was sent"))
            return self._id
        if self._keeps_blobs:
            self._send(docker_members(self.image, self.name))
        else:
            self._send_rest()
        if self._loaded() != self._id:
            raise EngineError(
                f"another run gave the name {self.name} to its own image while this one was loaded",
                code="name-taken",
            )
        return self._id

    @cached_property
    def _keeps_blobs(self) -> bool:
        """Whether the engine stores blobs as they come (containerd), so that it wants all of them."""
        status = (self.client.get("/info") or {}).get("DriverStatus") or ()
        return any("containerd.snapshotter" in str(entry) for entry in status)

    @cached_property
    def _id(self) -> str:
        """What the engine will call the image."""
        named_by = self.image.manifest if self._keeps_blobs else self.image.config
        return named_by.descriptor.digest

    def _send_rest(self) -> None:
        present = self._present()
        try:
            self._send(self._without(present), present)
        except ApiError:
            if not present:
                raise
            # Somebody may have removed what was there a moment ago.
            self._send(self._without(0))

    def _without(self, present: int) -> list[Member]:
        image = loadable(self.image, self.layers.crew, self.layers.folder, present)
        return partial_members(image, self.name, present)

    def _present(self) -> int:
        """Return how many of the image's layers, from the lowest on, the engine holds."""
        base = self.image.draft.base.facts
        known = (base.image_id, str(base.reference), named(self.name))
        diff_ids = [layer.diff_id for layer in self.image.layers]
        return max(_common(_diff_ids(self._found(each)), diff_ids) for each in known if each)

    def _send(self, members: Sequence[Member], present: int = 0) -> None:
        body = self._reported(members)
        with self.client.messages("/images/load", {"quiet": "1"}, _HEADERS, body) as messages:
            for _ in messages:
                pass
        sent, count = size_text(tar_size(members)), len(self.image.layers)
        place = f"the Docker engine at {self.client.host}"
        self.emit(Notice(f"sent {sent} to {place}: {present} of {count} layers were there"))

    def _reported(self, members: Sequence[Member]) -> Iterator[bytes]:
        note, done = progress_of("load", str(self.name), tar_size(members), self.emit), 0
        for chunk in tar_of(members):
            yield chunk
            done += len(chunk)
            note(done)

    def _loaded(self) -> str:
        """Return the id of what has the image's name."""
        return str(self._found(named(self.name)).get("Id", ""))

    def _found(self, name: str) -> JsonObject:
        return self.client.get(f"/images/{name}/json") or {}


def _diff_ids(found: JsonObject) -> list[str]:
    return list((found.get("RootFS") or {}).get("Layers") or ())


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """Return how many layers two images share from the lowest on."""
    shared = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        shared += 1
    return shared
