"""FoundImage: a base image read from its documents, before anybody looked into it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from odahu_pack_core.blob.descriptor import Blob, Descriptor
from odahu_pack_core.engine.contents import ImageFiles
from odahu_pack_core.engine.oci.source_image import SourceLayer
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plan.reference import ImageReference

from .documents import ImageConfig, JsonObject, check_platform, read_config, read_manifest, read_object
from .layered_files import LayeredFiles


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


def image_of(
    document: JsonObject,
    media_type: str,
    digest: str,
    *,
    what: str,
    platform: str,
    pinned: ImageReference,
    read: Callable[[Descriptor], bytes],
    blob: Callable[[Descriptor], Blob],
) -> FoundImage:
    """Return the image of a manifest.

    Args:
        document: The manifest.
        media_type: What it is.
        digest: Its digest.
        what: Names the image in errors.
        platform: ``os/arch`` wanted.
        pinned: The image's name.
        read: Returns a config's content.
        blob: Returns a layer's content.

    Raises:
        RegistryError: It cannot be built upon, or is for another platform.
    """
    manifest = read_manifest(document, media_type, what)
    config = read_config(read_object(read(manifest.config), what), what)
    check_platform(config, platform, what)
    if len(config.diff_ids) != len(manifest.layers):
        raise RegistryError(
            f"{what} has {len(manifest.layers)} layers, but its config tells of {len(config.diff_ids)}",
            code="base-unusable",
        )
    layers = tuple(
        SourceLayer(diff_id, blob(layer))
        for layer, diff_id in zip(manifest.layers, config.diff_ids, strict=True)
    )
    # The layers belong to the key: a manifest may put any layers beside somebody else's config.
    key = " ".join([manifest.config.digest, *(layer.digest for layer in manifest.layers)])
    return FoundImage(
        pinned, digest, manifest.config.digest, config, layers, key, lambda: nullcontext(LayeredFiles(layers))
    )
