"""Base images in the store of a local Docker engine, asked when a registry does not have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from odahu_pack_core.engine.base_words import docker_words, holds_no
from odahu_pack_core.engine.docker.connection import connected
from odahu_pack_core.engine.docker.glance import described_image
from odahu_pack_core.engine.docker.image_files import ContainerFiles
from odahu_pack_core.engine.docker.presence import host_of
from odahu_pack_core.engine.docker.repository import digests_of
from odahu_pack_core.engine.oci.source_image import SourceLayer
from odahu_pack_core.errors import EngineError, RegistryError
from odahu_pack_core.plan.reference import ImageReference

from .base_config import check_platform, read_config
from .found_image import FoundImage
from .layer_store import LayerStore
from .saved_layers import SavedBlob, SavedLayers

_SAME_NAME: Final = {
    "Architecture": "architecture",
    "Os": "os",
    "Variant": "variant",
    "Created": "created",
    "Author": "author",
    "Config": "config",
}


class DockerBases:
    """Finds images of the Docker engine that the environment names.

    Args:
        environ: The environment variables of the run.
        store: Where layers are kept.
    """

    def __init__(self, environ: Mapping[str, str], store: LayerStore) -> None:
        self._environ = environ
        self._store = store

    def find(self, reference: ImageReference, platform: str) -> tuple[FoundImage, str]:
        """Find an image, and say where in words.

        Raises:
            RegistryError: The engine has none of that name, or for another platform.
            EngineError: There is no engine, or it failed.
        """
        image = described_image(str(reference), self._environ)
        place = docker_words(host_of(self._environ))
        if image is None:
            raise RegistryError(holds_no(place), code="base-missing")
        return self._found(image, reference, platform), place

    def _found(self, image: Mapping[str, Any], reference: ImageReference, platform: str) -> FoundImage:
        what = f"the base image {reference}"
        config = read_config(_config_of(image), what)
        check_platform(config, platform, what)
        image_id = str(image["Id"])
        digest = reference.digest or next(iter(digests_of(dict(image), reference)), "")
        layers = SavedLayers(what, config.diff_ids, lambda: self._archive(image_id), self._store)
        return FoundImage(
            reference.pinned(digest) if digest else reference,
            digest,
            image_id,
            config,
            tuple(SourceLayer(diff_id, SavedBlob(layers, diff_id)) for diff_id in config.diff_ids),
            key=image_id,
            files=lambda: self._files(image_id),
        )

    @contextmanager
    def _archive(self, image_id: str) -> Iterator[Iterator[bytes]]:
        with (
            connected(self._environ) as client,
            client.download(f"/images/{image_id}/get") as chunks,
        ):
            yield chunks

    @contextmanager
    def _files(self, image_id: str) -> Iterator[ContainerFiles]:
        with connected(self._environ) as client, ContainerFiles.of(client, image_id) as files:
            yield files


def _config_of(image: Mapping[str, Any]) -> dict[str, Any]:
    """Return an image's config from what the engine says about it; all but its history."""
    rootfs = {"type": "layers", "diff_ids": (image.get("RootFS") or {}).get("Layers") or []}
    if not image.get("Id"):
        raise EngineError("the engine describes an image in a way nobody knows", code="bad-answer")
    named = {key: image[name] for name, key in _SAME_NAME.items() if image.get(name)}
    return {**named, "rootfs": rootfs}
