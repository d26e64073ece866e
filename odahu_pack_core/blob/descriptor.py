"""Descriptors and media types of images: https://github.com/opencontainers/image-spec (descriptor.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final, Protocol, TypeGuard

from odahu_pack_core.plan.reference import DIGEST
from odahu_pack_core.values import dataclass

OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
OCI_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_GZIP: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_LAYER_ZSTD: Final = "application/vnd.oci.image.layer.v1.tar+zstd"
DOCKER_INDEX: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"

OCI_OF_DOCKER: Final = {
    DOCKER_INDEX: OCI_INDEX,
    DOCKER_MANIFEST: OCI_MANIFEST,
    "application/vnd.docker.container.image.v1+json": OCI_CONFIG,
    "application/vnd.docker.image.rootfs.diff.tar": OCI_LAYER,
    "application/vnd.docker.image.rootfs.diff.tar.gzip": OCI_LAYER_GZIP,
    "application/vnd.docker.image.rootfs.diff.tar.zstd": OCI_LAYER_ZSTD,
}
"""The OCI media type that means the same as one of Docker's."""


@dataclass(frozen=True)
class Descriptor:
    """Content, named by its digest.

    Args:
        media_type: What it is.
        digest: ``sha256:…`` of its bytes.
        size: Its bytes.
    """

    media_type: str
    digest: str
    size: int

    def to_json(self) -> dict[str, str | int]:
        """Return the descriptor as manifests and indexes write it."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


class Blob(Protocol):
    """Content that can be read any number of times, from any place on."""

    @property
    def descriptor(self) -> Descriptor:
        """What it is."""
        ...

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """Yield the content from a byte on."""
        ...


@dataclass(frozen=True)
class BytesBlob:
    """Content in memory, such as an image's config.

    Args:
        media_type: What it is.
        content: The bytes.
    """

    media_type: str
    content: bytes

    @property
    def descriptor(self) -> Descriptor:
        """What it is."""
        return Descriptor(self.media_type, digest_of_bytes(self.content), len(self.content))

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """Yield the content from a byte on, in one piece."""
        yield self.content[start:]


def digest_of_bytes(content: bytes) -> str:
    """Return ``sha256:…`` of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def digest_of_stream(chunks: Iterable[bytes]) -> str:
    """Return ``sha256:…`` of a stream."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


def is_digest(found: object) -> TypeGuard[str]:
    """Tell whether something is a digest."""
    return isinstance(found, str) and DIGEST.fullmatch(found) is not None
