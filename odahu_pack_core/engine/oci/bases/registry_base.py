"""Base images of a registry: found by name, their documents kept by digest, their layers read when needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Final

from odahu_pack_core.blob.descriptor import Descriptor
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.distribution import FetchedManifest, ImageRegistry, OpenRegistry
from odahu_pack_core.plugins.protocols import RegistryAccess
from odahu_pack_core.values import dataclass

from .found_image import FoundImage, image_at
from .kept import Kept

LARGEST_CONFIG: Final = 8 * 1024 * 1024
"""Configs are read into memory."""


@dataclass(frozen=True)
class RegistryBlob:
    """Content of a registry, read anew each time.

    Args:
        open_registry: Opens the registry.
        host: The registry.
        access: The way into it.
        repository: Where in it.
        descriptor: What it is.
    """

    open_registry: OpenRegistry
    host: str
    access: RegistryAccess | None
    repository: str
    descriptor: Descriptor

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """Yield the content from a byte on; it is checked when it ends.

        Raises:
            RegistryError: The registry refused or failed, or the content is another one.
        """
        with (
            closing(self.open_registry(self.host, self.access)) as registry,
            registry.open_blob(self.repository, self.descriptor) as chunks,
        ):
            for chunk in chunks:
                if len(chunk) > start:
                    yield chunk[start:]
                start = max(0, start - len(chunk))


@dataclass(frozen=True)
class RegistryBases:
    """Finds images of one registry.

    Args:
        open_registry: Opens registries.
        host: The registry.
        access: The way into it.
        kept: Documents of earlier runs.
    """

    open_registry: OpenRegistry
    host: str
    access: RegistryAccess | None
    kept: Kept

    def find(self, repository: str, reference: ImageReference, platform: str) -> FoundImage:
        """Find an image.

        Args:
            repository: Where it is in this registry.
            reference: The image asked for, which gives tag or digest.
            platform: ``os/arch`` wanted.

        Raises:
            RegistryError: The registry refused, failed or lacks it, or it cannot be built upon.
        """
        with closing(self.open_registry(self.host, self.access)) as registry:
            holder = _Repository(self, registry, repository)
            root = holder.manifest(reference.digest or reference.tag or "latest")
            return image_at(root, holder, reference, platform)


@dataclass(frozen=True)
class _Repository:
    """A repository while its registry is open."""

    bases: RegistryBases
    registry: ImageRegistry
    name: str

    def manifest(self, digest: str) -> FetchedManifest:
        """Return a manifest or index by tag or digest."""
        kept = self.bases.kept.document(digest) if ":" in digest else None
        if kept is not None:
            return FetchedManifest(Descriptor("", digest, len(kept)), kept)
        fetched = self.registry.manifest(self.name, digest)
        if fetched is None:
            named = f"{self.name}{'@' if ':' in digest else ':'}{digest}"
            raise RegistryError(f"the registry {self.bases.host} has no {named}", code="base-missing")
        self.bases.kept.keep_document(fetched.descriptor.digest, fetched.content)
        return fetched

    def config(self, descriptor: Descriptor) -> bytes:
        """Return a config."""
        kept = self.bases.kept.document(descriptor.digest)
        if kept is not None:
            return kept
        if descriptor.size > LARGEST_CONFIG:
            raise RegistryError(f"{self.name} has a config of absurd size", code="base-unusable")
        with self.registry.open_blob(self.name, descriptor) as chunks:
            content = b"".join(chunks)
        self.bases.kept.keep_document(descriptor.digest, content)
        return content

    def blob(self, descriptor: Descriptor) -> RegistryBlob:
        """Return a layer."""
        bases = self.bases
        return RegistryBlob(bases.open_registry, bases.host, bases.access, self.name, descriptor)
