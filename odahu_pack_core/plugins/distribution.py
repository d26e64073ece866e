"""ImageRegistry: what engines may ask of an image registry, whoever speaks to it.

The words are those of https://github.com/opencontainers/distribution-spec (spec.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from odahu_pack_core.blob.descriptor import Blob, Descriptor
from odahu_pack_core.values import dataclass

from .protocols import RegistryAccess


@dataclass(frozen=True)
class FetchedManifest:
    """A manifest or an index as a registry, or an OCI layout, gave it.

    Args:
        descriptor: Its media type, digest and size; the digest was computed from the content.
        content: The bytes, unparsed.
    """

    descriptor: Descriptor
    content: bytes


class ImageRegistry(Protocol):
    """One image registry; safe to use from several threads, and closed by whoever opened it.

    Each method may raise a RegistryError that names the registry and says what to do.
    """

    @property
    def host(self) -> str:
        """The registry's host with optional port, as image names have it."""
        ...

    def manifest(self, repository: str, reference: str) -> FetchedManifest | None:
        """Return a manifest or index by tag or digest; None when the registry has none of that name.

        A digest in the reference is checked against the content.
        """
        ...

    def has_manifest(self, repository: str, digest: str) -> bool:
        """Tell whether a repository holds a manifest."""
        ...

    def has_blob(self, repository: str, digest: str) -> bool:
        """Tell whether a repository holds a blob."""
        ...

    def open_blob(self, repository: str, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """Give a blob's content in chunks, resumed where a connection breaks.

        Size and digest are checked: the last chunk is followed by a RegistryError where they differ.
        """
        ...

    def mount_blob(self, repository: str, digest: str, source: str) -> bool:
        """Make a blob of another repository of this registry appear in one; False where it cannot."""
        ...

    def push_blob(self, repository: str, blob: Blob, sent: Callable[[int], None]) -> None:
        """Upload a blob, resumed or begun again where the registry loses it.

        Args:
            repository: Where to.
            blob: The content.
            sent: Told of bytes as they leave, on the calling thread; negative when some must be sent again.
        """
        ...

    def put_manifest(self, repository: str, reference: str, content: bytes, media_type: str) -> str:
        """Store a manifest under a tag or digest, and return its digest."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


OpenRegistry = Callable[[str, RegistryAccess | None], ImageRegistry]
"""Opens the registry of a host; without an access, as the user who is logged in there, else anonymous."""
