"""Base images of a registry: found by name, their documents kept by digest, their layers read when needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from odahu_pack_core.blob.descriptor import OCI_INDEX, Descriptor
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.distribution import FetchedManifest, ImageRegistry, OpenRegistry
from odahu_pack_core.plugins.protocols import RegistryAccess

from .documents import choose_platform, media_type_of, read_object
from .found_image import FoundImage, image_of
from .kept import Kept

_LARGEST_CONFIG = 8 * 1024 * 1024
_MOST_INDEXES = 3


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
            return _Finding(self, registry, repository, reference).image(platform)


@dataclass(frozen=True)
class _Finding:
    bases: RegistryBases
    registry: ImageRegistry
    repository: str
    reference: ImageReference

    def image(self, platform: str) -> FoundImage:
        what = f"the base image {self.reference}"
        name = self.reference.digest or self.reference.tag or "latest"
        first = fetched = self._manifest(name)
        for _ in range(_MOST_INDEXES):
            document = read_object(fetched.content, what)
            media_type = media_type_of(document, fetched.descriptor.media_type)
            if media_type != OCI_INDEX:
                digest = fetched.descriptor.digest
                return image_of(
                    document,
                    media_type,
                    digest,
                    what=what,
                    platform=platform,
                    pinned=self.reference.pinned(first.descriptor.digest),
                    read=self._config,
                    blob=self._blob,
                )
            fetched = self._manifest(choose_platform(document, platform, what).digest)
        raise RegistryError(f"{what} is an index of indexes without end", code="base-unusable")

    def _manifest(self, name: str) -> FetchedManifest:
        kept = self.bases.kept.document(name) if ":" in name else None
        if kept is not None:
            return FetchedManifest(Descriptor("", name, len(kept)), kept)
        fetched = self.registry.manifest(self.repository, name)
        if fetched is None:
            raise RegistryError(
                f"the registry {self.bases.host} has no {self.repository}"
                + (f"@{name}" if ":" in name else f":{name}"),
                code="base-missing",
            )
        self.bases.kept.keep_document(fetched.descriptor.digest, fetched.content)
        return fetched

    def _config(self, config: Descriptor) -> bytes:
        kept = self.bases.kept.document(config.digest)
        if kept is not None:
            return kept
        if config.size > _LARGEST_CONFIG:
            raise RegistryError(
                f"the base image {self.reference} has a config of absurd size", code="base-unusable"
            )
        with self.registry.open_blob(self.repository, config) as chunks:
            content = b"".join(chunks)
        self.bases.kept.keep_document(config.digest, content)
        return content

    def _blob(self, layer: Descriptor) -> RegistryBlob:
        return RegistryBlob(
            self.bases.open_registry, self.bases.host, self.bases.access, self.repository, layer
        )
