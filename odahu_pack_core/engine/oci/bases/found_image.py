"""FoundImage: a base image read from its documents, before anybody looked into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

from odahu_pack_core.blob.descriptor import OCI_INDEX, Blob, Descriptor
from odahu_pack_core.engine.contents import ImageFiles
from odahu_pack_core.engine.oci.source_image import SourceLayer
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.distribution import FetchedManifest
from odahu_pack_core.values import dataclass

from .base_config import ImageConfig, check_platform, read_config
from .documents import Manifest, choose_platform, media_type_of, read_manifest
from .json_text import read_object

_MOST_INDEXES: Final = 3


@dataclass(frozen=True)
class FoundImage:
    """A base image as its documents describe it.

    Args:
        reference: Its name, pinned where that can be.
        manifest_digest: The digest of the manifest of its platform; empty where it has none.
        image_id: The digest of its config.
        config: Its config.
        layers: Its layers, from the lowest on.
        key: Names config and layers: what was found in an image is kept by it.
        files: Opens its files.
    """

    reference: ImageReference
    manifest_digest: str
    image_id: str
    config: ImageConfig
    layers: tuple[SourceLayer, ...]
    key: str
    files: Callable[[], AbstractContextManager[ImageFiles]]


class Holder(Protocol):
    """Whatever holds the documents and layers of an image: a repository of a registry, or a layout."""

    def manifest(self, digest: str) -> FetchedManifest:
        """Return a manifest or index."""
        ...

    def config(self, descriptor: Descriptor) -> bytes:
        """Return a config."""
        ...

    def blob(self, descriptor: Descriptor) -> Blob:
        """Return a layer."""
        ...


def image_at(root: FetchedManifest, holder: Holder, reference: ImageReference, platform: str) -> FoundImage:
    """Return the image of a platform that a manifest or an index stands for.

    Args:
        root: The manifest or index.
        holder: Has what it names.
        reference: What the image is called.
        platform: ``os/arch`` wanted.

    Raises:
        RegistryError: It cannot be built upon, or is for another platform.
    """
    what = f"the base image {reference}"
    fetched = root
    for _ in range(_MOST_INDEXES):
        document = read_object(fetched.content, what)
        media_type = media_type_of(document, fetched.descriptor.media_type)
        if media_type != OCI_INDEX:
            manifest = read_manifest(document, media_type, what)
            config = read_config(read_object(holder.config(manifest.config), what), what)
            check_platform(config, platform, what)
            pinned = reference.pinned(root.descriptor.digest)
            return _image(pinned, fetched.descriptor.digest, manifest, config, holder)
        fetched = holder.manifest(choose_platform(document, platform, what).digest)
    raise RegistryError(f"{what} is an index of indexes without end", code="base-unusable")


def _image(
    reference: ImageReference, digest: str, manifest: Manifest, config: ImageConfig, holder: Holder
) -> FoundImage:
    if len(config.diff_ids) != len(manifest.layers):
        raise RegistryError(
            f"the base image {reference} has {len(manifest.layers)} layers, but its config tells of "
            f"{len(config.diff_ids)}",
            code="base-unusable",
        )
    pairs = zip(config.diff_ids, manifest.layers, strict=True)
    layers = tuple(SourceLayer(diff_id, holder.blob(layer)) for diff_id, layer in pairs)
    # The layers belong to the key: a manifest may put any layers beside somebody else's config.
    key = " ".join([manifest.config.digest, *(layer.digest for layer in manifest.layers)])
    return FoundImage(
        reference,
        digest,
        manifest.config.digest,
        config,
        layers,
        key,
        files=lambda: _files(layers),
    )


def _files(layers: Sequence[SourceLayer]) -> AbstractContextManager[ImageFiles]:
    from .layered_files import LayeredFiles  # noqa: PLC0415  # an image is looked into once

    return nullcontext(LayeredFiles(layers))
