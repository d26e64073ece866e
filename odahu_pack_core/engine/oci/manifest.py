"""Manifests and indexes, which say what an image is made of.

Format: https://github.com/opencontainers/image-spec (manifest.md, image-index.md, annotations.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from odahu_pack_core.blob.descriptor import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Blob, BytesBlob, Descriptor
from odahu_pack_core.blob.packed_layer import PackedLayer
from odahu_pack_core.engine.docker.repository import full_name
from odahu_pack_core.values import dataclass

from .config import canonical, image_config, platform_object
from .draft import Draft
from .source_image import SourceImage, SourceLayer

ImageLayer = SourceLayer | PackedLayer
"""A layer of the base or an own one."""


@dataclass(frozen=True)
class FinishedImage:
    """The image of one platform, complete.

    Args:
        draft: What it was made from.
        config: Its config.
        layers: Its layers from the lowest on, the base's first.
    """

    draft: Draft
    config: BytesBlob
    layers: tuple[ImageLayer, ...]

    @classmethod
    def of(cls, draft: Draft, packed: Sequence[PackedLayer]) -> FinishedImage:
        """Return the image of a draft.

        Args:
            draft: The base image and what was done on top of it.
            packed: The layer of each step that adds one, in order.
        """
        own = [layer.diff_id for layer in packed]
        content = image_config(draft.base, draft.platform, draft.steps, own, draft.time)
        return cls(draft, BytesBlob(OCI_CONFIG, content), (*draft.base.layers, *packed))

    @cached_property
    def manifest(self) -> BytesBlob:
        """What names config and layers; layers that the base's place has not packed yet are packed for it."""
        descriptors = [layer.blob.descriptor for layer in self.layers]
        return _manifest(self.draft.base, self.config, descriptors)

    @property
    def blobs(self) -> Iterator[Blob]:
        """Layers and config."""
        yield from (layer.blob for layer in self.layers)
        yield self.config

    @property
    def platform(self) -> dict[str, str]:
        """The platform as indexes write it."""
        return platform_object(self.draft.platform, self.draft.base.config)


def root_of(images: Sequence[FinishedImage]) -> BytesBlob:
    """Return what a tag names: the manifest of the one image, or the index of several."""
    if len(images) == 1:
        return images[0].manifest
    manifests = [{**image.manifest.descriptor.to_json(), "platform": image.platform} for image in images]
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}
    return BytesBlob(OCI_INDEX, canonical(index))


def layout_index(root: Descriptor, name: str) -> bytes:
    """Return the ``index.json`` of an OCI image layout.

    Args:
        root: The manifest or index of the image.
        name: The image's name.
    """
    annotations = {"org.opencontainers.image.ref.name": name, "io.containerd.image.name": name}
    entry = {**root.to_json(), "annotations": annotations}
    return canonical({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]})


def _manifest(base: SourceImage, config: BytesBlob, layers: Sequence[Descriptor]) -> BytesBlob:
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config.descriptor.to_json(),
        "layers": [layer.to_json() for layer in layers],
    }
    if annotations := _base_annotations(base):
        manifest["annotations"] = annotations
    return BytesBlob(OCI_MANIFEST, canonical(manifest))


def _base_annotations(base: SourceImage) -> dict[str, str]:
    """Say what the image stands on, where others can look it up too: nothing of this machine is written."""
    if not base.registry_host:
        return {}
    name, tag = full_name(base.reference), base.reference.tag
    return {
        "org.opencontainers.image.base.name": f"{name}:{tag}" if tag else name,
        "org.opencontainers.image.base.digest": base.manifest_digest,
    }
