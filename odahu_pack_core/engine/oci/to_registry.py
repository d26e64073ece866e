"""An image on its way into a registry: blobs first, what names them last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from odahu_pack_core.blob.descriptor import Blob, BytesBlob, Descriptor
from odahu_pack_core.engine.docker.repository import registry_of
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.events import EventSink, Notice
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.distribution import ImageRegistry, OpenRegistry
from odahu_pack_core.plugins.protocols import RegistryAccess
from odahu_pack_core.result import PublishedImage
from odahu_pack_core.sizes import size_text

from .crew import Crew, Task
from .making import LayersInMaking
from .manifest import FinishedImage, root_of
from .places import BlobPlaces
from .published import Published
from .shipping import Shipping
from .source_image import SourceImage

_REJECTED: Final = "request-rejected"
"""The code of an error that is about what was sent, not about a login or the way to the registry."""
_MOST_DOUBTS: Final = 2
"""How often each blob is asked for anew."""


@dataclass(frozen=True)
class RegistryOutput:
    """A registry as the place where an image goes.

    Args:
        image: The image's name there.
        access: The way in; None for anonymous access.
        open_registry: Opens registries.
        places: The folder that remembers where blobs have been seen.
        emit: Receives events on the calling thread.
    """

    image: ImageReference
    access: RegistryAccess | None
    open_registry: OpenRegistry
    places: Path
    emit: EventSink

    def send(self, layers: LayersInMaking) -> PublishedImage:
        """Send an image whose layers are being made; until all is there, its tag stays what it was.

        Raises:
            RegistryError: The registry refused or failed.
        """
        host = registry_of(self.image)
        with self._failures_told(), ExitStack() as stack:
            registry = stack.enter_context(closing(self.open_registry(host, self.access)))
            stack.callback(layers.crew.stop)  # nobody may be in the middle of a request when it closes
            repository, places = self.image.repository, BlobPlaces(self.places, host)
            last = places.manifest(repository)
            lookup = layers.crew.send(lambda _: Published.before(registry, repository, self._tag, last))
            shipping = Shipping(registry, repository, places)
            push = _Push(self, shipping, layers.crew, host, layers.crew.result(lookup))
            digest = push.complete(layers)
            places.note_manifest(repository, digest)
        return PublishedImage(self.image, digest, f"the registry {self.image.registry}")

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        """Say that it was a push which failed: a registry may refuse it at what only reads."""
        try:
            yield
        except RegistryError as error:
            message = f"{self.image} cannot be pushed: {error.message}"
            raise RegistryError(message, code=error.code, hint=error.hint) from error

    @property
    def _tag(self) -> str:
        return self.image.tag or "latest"


@dataclass
class _Push:
    """One push.

    Args:
        output: Where to.
        shipping: Brings blobs there.
        crew: Works on them.
        host: The registry, spelt in the one way that can be compared.
        before: What the repository holds so far.
    """

    output: RegistryOutput
    shipping: Shipping
    crew: Crew
    host: str
    before: Published
    _sending: dict[str, Task[int]] = field(default_factory=dict)
    _sent: dict[str, int] = field(default_factory=dict)
    _prepared: bool = False

    def complete(self, layers: LayersInMaking) -> str:
        """Send what is missing and return the digest of the image."""
        for draft in layers.drafts:
            blobs = [layer.blob for layer in draft.base.layers]
            self.crew.result(self.crew.send(partial(_find_out, blobs)))
            self._send_all(blobs, "base", self._source(draft.base))
        for layer in layers.finished():
            self._send(layer.blob, "layer")
        images = layers.images()
        root = root_of(images)
        if root.descriptor.digest == self.before.digest:
            self._tell(f"{self.output.image} is there already, nothing was sent")
            return self.before.digest
        self._send_all((image.config for image in images), "config")
        self.crew.results(self._sending.values())
        self._name(root, images)
        self._tell(self._account(root, images))
        return root.descriptor.digest

    def _send_all(self, blobs: Iterable[Blob], subject: str, source: str = "") -> None:
        for blob in blobs:
            self._send(blob, subject, source)

    def _send(self, blob: Blob, subject: str, source: str = "") -> None:
        """Begin to send a blob, unless it is on its way or known to be there."""
        digest = blob.descriptor.digest
        if digest in self._sending or digest in self.before.blobs:
            return
        self._prepare()
        subject = f"{subject} {digest.removeprefix('sha256:')[:12]}"
        self._sending[digest] = self.crew.send(partial(self.shipping.ensure, blob, subject, source))

    def _prepare(self) -> None:
        if not self._prepared and self.output.access is not None:
            access = self.output.access
            self.crew.result(self.crew.send(lambda _: access.prepare_push(self.output.image)))
        self._prepared = True

    def _source(self, base: SourceImage) -> str:
        """Return the repository of a base image, where its blobs can be taken from inside the registry."""
        return base.repository if base.registry_host == self.host else ""

    def _name(self, root: BytesBlob, images: Sequence[FinishedImage]) -> None:
        """Store the manifests, once every blob is there."""
        self._prepare()
        for _ in range(_MOST_DOUBTS):
            try:
                return self._store(root, images)
            except RegistryError as error:
                if error.code != _REJECTED:
                    raise
            self._make_sure(images)
        return self._store(root, images)

    def _make_sure(self, images: Sequence[FinishedImage]) -> None:
        """Ask for each blob anew.

        The registry may have lost blobs of the tag's manifest; and some registries do not see a blob for a
        moment while somebody else sends it, too.
        """
        self.before = Published()
        self._sent = self._sent_so_far()
        self._sending.clear()
        for image in images:
            self._send_all(image.blobs, "layer", self._source(image.draft.base))
        self.crew.results(self._sending.values())

    def _sent_so_far(self) -> dict[str, int]:
        """Return how many bytes were sent of each blob that was not there."""
        return self._sent | {digest: task.result for digest, task in self._sending.items() if task.result}

    def _store(self, root: BytesBlob, images: Sequence[FinishedImage]) -> None:
        children = [image.manifest for image in images] if len(images) > 1 else []
        for child in children:
            self._put(child, child.descriptor.digest)
        self._put(root, self.output.image.tag or "latest")

    def _put(self, manifest: BytesBlob, reference: str) -> None:
        registry: ImageRegistry = self.shipping.registry
        put = partial(registry.put_manifest, self.shipping.repository, reference, manifest.content)
        self.crew.result(self.crew.send(lambda _: put(manifest.media_type)))

    def _account(self, root: BytesBlob, images: Sequence[FinishedImage]) -> str:
        blobs = [blob.descriptor for image in images for blob in image.blobs]
        sizes = {blob.digest: blob.size for blob in blobs}
        manifests = {
            manifest.descriptor.digest: manifest for manifest in (root, *(i.manifest for i in images))
        }
        named = sum(len(manifest.content) for manifest in manifests.values())
        sent = self._sent_so_far()
        there = len(sizes) - len(sent)
        return (
            f"sent {size_text(sum(sent.values()) + named)} of {size_text(sum(sizes.values()) + named)} "
            f"to {self.host}: {there} of {len(sizes)} blobs were there"
        )

    def _tell(self, message: str) -> None:
        self.output.emit(Notice(message))


def _find_out(blobs: Iterable[Blob], _: EventSink) -> list[Descriptor]:
    """Learn what blobs are: those of a base that no registry holds may have to be packed for that."""
    return [blob.descriptor for blob in blobs]
