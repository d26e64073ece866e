"""An image on its way into a Docker engine, which is sent only the layers that it lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from odahu_pack_core.blob.sizes import size_text
from odahu_pack_core.engine.docker.client import ApiError, DockerClient, JsonObject
from odahu_pack_core.engine.docker.connection import connected
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import EventSink, Notice
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.result import PublishedImage

from .archive import Member, docker_members, named, tar_of, tar_size
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
            image_id = _Load(client, self.image, layers.images()[0], self.emit).complete()
            return PublishedImage(self.image, image_id, f"the Docker engine at {client.host}")


@dataclass(frozen=True)
class _Load:
    """One load.

    Args:
        client: The engine.
        name: What the image is called.
        image: The image.
        emit: Receives events.
    """

    client: DockerClient
    name: ImageReference
    image: FinishedImage
    emit: EventSink

    def complete(self) -> str:
        """Load the image unless it is there, and return its id."""
        if self._loaded():
            self.emit(Notice(f"{self.name} is in the Docker engine already, nothing was sent"))
            return self._id(self._found(named(self.name)))
        if present := self._present():
            try:
                self._send(present)
            except ApiError:
                # Somebody may have removed what was there a moment ago.
                self._send(())
        else:
            self._send(())
        return self._checked()

    def _loaded(self) -> bool:
        return self._id(self._found(named(self.name))) in self._ids

    @property
    def _ids(self) -> frozenset[str]:
        """What the engine may call the image: by its config, or in containerd's store by its manifest."""
        return frozenset({self.image.config.descriptor.digest, self.image.manifest.descriptor.digest})

    def _present(self) -> Collection[str]:
        """Return the digests of the blobs that the engine needs not be sent."""
        if self._keeps_blobs():
            return ()
        base = self.image.draft.base.facts
        known = (base.image_id, str(base.reference), named(self.name))
        chains = [_diff_ids(self._found(each)) for each in known if each]
        longest = max((_common(chain, self.image.diff_ids) for chain in chains), default=0)
        lacking = {blob.descriptor.digest for blob in self.image.layers[longest:]}
        return {blob.descriptor.digest for blob in self.image.layers[:longest]} - lacking

    def _keeps_blobs(self) -> bool:
        """Tell whether the engine stores blobs as they come (containerd), so that it wants them all."""
        status = (self.client.get("/info") or {}).get("DriverStatus") or ()
        return any("containerd.snapshotter" in str(entry) for entry in status)

    def _send(self, present: Collection[str]) -> None:
        members = docker_members(self.image, self.name, present)
        with self.client.messages(
            "/images/load", {"quiet": "1"}, _HEADERS, self._reported(members)
        ) as messages:
            for _ in messages:
                pass
        sent, whole = tar_size(members), tar_size(docker_members(self.image, self.name))
        words = f"sent {size_text(sent)} of {size_text(whole)}"
        self.emit(Notice(f"{words} to the Docker engine at {self.client.host}"))

    def _reported(self, members: Sequence[Member]) -> Iterator[bytes]:
        note, done = progress_of("load", str(self.name), tar_size(members), self.emit), 0
        for chunk in tar_of(members):
            yield chunk
            done += len(chunk)
            note(done)

    def _checked(self) -> str:
        image_id = self._id(self._found(named(self.name)))
        if image_id not in self._ids:
            raise EngineError(
                f"another run gave the name {self.name} to its own image while this one was loaded",
                code="name-taken",
            )
        return image_id

    def _found(self, name: str) -> JsonObject:
        return self.client.get(f"/images/{name}/json") or {}

    @staticmethod
    def _id(found: JsonObject) -> str:
        return str(found.get("Id", ""))


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
