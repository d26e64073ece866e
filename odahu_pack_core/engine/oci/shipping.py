"""Shipping: how a blob gets into a repository with as few bytes and requests as can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from odahu_pack_core.blob.descriptor import Blob, Descriptor
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.events import EventSink
from odahu_pack_core.plugins.distribution import ImageRegistry
from odahu_pack_core.values import dataclass

from .making import progress_of
from .places import BlobPlaces

_WORTH_REMEMBERING: Final = 16 * 1024
"""A blob that is smaller is sent as soon as it is taken from elsewhere."""


@dataclass(frozen=True)
class Shipping:
    """A repository that receives blobs; used by several threads at once.

    Args:
        registry: The registry.
        repository: The repository there.
        places: Where blobs of this registry have been seen.
    """

    registry: ImageRegistry
    repository: str
    places: BlobPlaces

    def ensure(self, blob: Blob, subject: str, source: str, tell: EventSink) -> int:
        """Make sure that the repository holds a blob, and return how many bytes were sent.

        Args:
            blob: The content.
            subject: What it is called in words.
            source: A repository of this registry that holds it; empty when none is known.
            tell: Receives progress.

        Raises:
            RegistryError: The registry refused or failed.
        """
        digest = blob.descriptor.digest
        mounted = any(self._mounted(digest, place) for place in self._elsewhere(digest, source))
        if mounted or self.registry.has_blob(self.repository, digest):
            sent = 0
        else:
            sent = self._push(blob, subject, tell)
        if blob.descriptor.size >= _WORTH_REMEMBERING:
            self.places.note(digest, self.repository)
        return sent

    def _elsewhere(self, digest: str, source: str) -> Iterator[str]:
        """Yield other repositories that may hold a blob, once each."""
        if source == self.repository:
            return
        if source:
            yield source
        seen = self.places.repository(digest)
        if seen not in {"", source, self.repository}:
            yield seen

    def _mounted(self, digest: str, source: str) -> bool:
        # A registry may refuse a look into the other repository; then the blob is sent like any other.
        with suppress(RegistryError):
            return self.registry.mount_blob(self.repository, digest, source)
        return False

    def _push(self, blob: Blob, subject: str, tell: EventSink) -> int:
        sending = _Sending(blob.descriptor, progress_of("push", subject, blob.descriptor.size, tell))
        self.registry.push_blob(self.repository, blob, sending.add)
        return blob.descriptor.size


class _Sending:
    """Adds up what has been sent of one blob."""

    def __init__(self, descriptor: Descriptor, note: Callable[[int], None]) -> None:
        self._done = 0
        self._size = descriptor.size
        self._note = note

    def add(self, count: int) -> None:
        self._done = min(max(self._done + count, 0), self._size)
        self._note(self._done)
