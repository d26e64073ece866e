"""SourceImage: a base image as found, its layers not read but ready to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from odahu_pack_core.blob.descriptor import Blob, Descriptor
from odahu_pack_core.events import EventSink
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import RegistryAccess
from odahu_pack_core.values import dataclass


@dataclass(frozen=True)
class SourceLayer:
    """A layer of a base image.

    Args:
        diff_id: ``sha256:…`` of the tar stream.
        blob: The content, read from where the base is when it is asked for.
    """

    diff_id: str
    blob: Blob

    @property
    def descriptor(self) -> Descriptor:
        """What its blob is; the media type is OCI's. A layer may have to be packed before that is known."""
        return self.blob.descriptor


@dataclass(frozen=True)
class SourceImage:
    """A base image, or none at all (``scratch``: no layers).

    Args:
        reference: Its name, with the digest of the manifest of this platform, or of the index that lists it.
        manifest_digest: The digest of the manifest of this platform.
        config: The image's config, parsed.
        layers: Its layers from the lowest on; as many as the config has ``rootfs.diff_ids``.
        facts: What was found in it.
        registry_host: The registry that holds the blobs, as image names have it; empty where none does.
        repository: The repository there.
    """

    reference: ImageReference
    manifest_digest: str
    config: Mapping[str, Any]
    layers: tuple[SourceLayer, ...]
    facts: BaseFacts
    registry_host: str = ""
    repository: str = ""


class BaseSource(Protocol):
    """Finds base images."""

    def find(
        self, base: BaseImage, platform: str, pull: RegistryAccess | None, emit: EventSink
    ) -> SourceImage:
        """Find a base image; what was found is kept, so that asking again costs nothing.

        Args:
            base: The image asked for; its name may have a digest.
            platform: ``os/arch`` or ``os/arch/variant`` wanted.
            pull: The way into its registry; None for anonymous.
            emit: Receives decisions and progress.

        Raises:
            RegistryError: The image cannot be had for this platform.
        """
        ...
