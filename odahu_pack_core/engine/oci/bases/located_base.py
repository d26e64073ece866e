"""Base images in the file system: OCI image layouts, and what ``docker save`` writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

from odahu_pack_core.blob.descriptor import Blob, Descriptor, digest_of_bytes
from odahu_pack_core.engine.oci.source_image import SourceLayer
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plan.base_location import BaseLocation
from odahu_pack_core.plugins.distribution import FetchedManifest
from odahu_pack_core.values import dataclass

from .archive_files import ArchiveFiles, CheckedBlob, FolderFiles, TarFiles, is_compressed
from .base_config import check_platform, read_config
from .found_image import FoundImage, image_at
from .json_text import JsonObject, read_json, read_list, read_object
from .layer_store import LayerStore, TarFile
from .layered_files import LayeredFiles
from .registry_base import LARGEST_CONFIG
from .saved_layers import SavedBlob, SavedLayers, small_files
from .unpacking import unpacked

_LARGEST_MANIFEST: Final = 4 * 1024 * 1024
_MOST_SHOWN: Final = 10
_REF_NAME: Final = "org.opencontainers.image.ref.name"


def located_image(location: BaseLocation, platform: str, store: LayerStore) -> FoundImage:
    """Return the image at a place in the file system.

    Args:
        location: The place.
        platform: ``os/arch`` wanted.
        store: Where layers are kept that have to be packed first.

    Raises:
        RegistryError: There is none for this platform.
    """
    path = Path(location.path)
    if path.is_dir():
        return _Layout(FolderFiles(path), location).image(platform)
    if not path.is_file():
        raise RegistryError(
            f"the base image {location} cannot be had: {path} is no file", code="base-missing"
        )
    files = None if is_compressed(path) else TarFiles.of(path)
    if files is not None and files.read("index.json", _LARGEST_MANIFEST) is not None:
        return _Layout(files, location).image(platform)
    if location.kind == "oci":
        raise RegistryError(f"{path} holds no OCI image layout", code="base-unusable")
    return _Saved(location, files, store).image(platform)


@dataclass(frozen=True)
class _Layout:
    """An OCI image layout: https://github.com/opencontainers/image-spec (image-layout.md)."""

    files: ArchiveFiles
    location: BaseLocation

    def image(self, platform: str) -> FoundImage:
        what = f"the base image {self.location}"
        content = self.files.read("index.json", _LARGEST_MANIFEST)
        if content is None:
            raise RegistryError(f"{self.location.path} holds no OCI image layout", code="base-unusable")
        entries = read_list(read_object(content, what).get("manifests"), what)
        if self.location.tag:
            entries = [entry for entry in entries if _is_called(entry, self.location.tag)]
        if not entries:
            raise RegistryError(
                f"{what} cannot be had: the layout has none of that name", code="base-missing"
            )
        digest = entries[0].get("digest")
        if len(entries) == 1 and isinstance(digest, str):
            root = self.manifest(digest)
        else:
            # Several manifests without names are an index of platforms.
            root = FetchedManifest(Descriptor("", digest_of_bytes(content), len(content)), content)
        return image_at(root, self, self.location.reference, platform)

    def manifest(self, digest: str) -> FetchedManifest:
        """Return a manifest or index."""
        content = self._document(digest, _LARGEST_MANIFEST)
        return FetchedManifest(Descriptor("", digest, len(content)), content)

    def config(self, descriptor: Descriptor) -> bytes:
        """Return a config."""
        return self._document(descriptor.digest, LARGEST_CONFIG)

    def blob(self, descriptor: Descriptor) -> Blob:
        """Return a layer."""
        blob = self.files.blob(_blob_name(descriptor.digest), descriptor)
        if blob is None:
            raise RegistryError(f"{self.location} lacks the layer {descriptor.digest}", code="base-missing")
        return CheckedBlob(blob)

    def _document(self, digest: str, most: int) -> bytes:
        content = self.files.read(_blob_name(digest), most)
        if content is None or digest_of_bytes(content) != digest:
            raise RegistryError(f"{self.location} lacks {digest}, or it is damaged", code="base-missing")
        return content


@dataclass(frozen=True)
class _Saved:
    """What ``docker save`` writes, possibly compressed as a whole."""

    location: BaseLocation
    files: ArchiveFiles | None
    store: LayerStore

    def image(self, platform: str) -> FoundImage:
        what = f"the base image {self.location}"
        documents = self._documents()
        entries = read_list(read_json(documents.get("manifest.json", b""), what), what)
        if len(entries) != 1:
            names = ", ".join(str(entry.get("RepoTags")) for entry in entries[:_MOST_SHOWN]) or "none"
            raise RegistryError(f"{what} is not one image, but {names}", code="base-unusable")
        content = documents.get(str(entries[0].get("Config")), b"")
        config = read_config(read_object(content, what), what)
        check_platform(config, platform, what)
        saved = SavedLayers(what, config.diff_ids, self._archive, self.store)
        layers = tuple(SourceLayer(diff_id, SavedBlob(saved, diff_id)) for diff_id in config.diff_ids)
        image_id = digest_of_bytes(content)
        return FoundImage(
            self.location.reference,
            "",
            image_id,
            config,
            layers,
            key=image_id,
            files=lambda: nullcontext(LayeredFiles(layers)),
        )

    def _documents(self) -> Mapping[str, bytes]:
        """Return manifest and configs; an archive that is compressed has to be read through for them."""
        if self.files is None:
            with self._archive() as chunks:
                return small_files(chunks, LARGEST_CONFIG)
        manifest = self.files.read("manifest.json", _LARGEST_MANIFEST) or b""
        entries = read_list(read_json(manifest, str(self.location)), str(self.location))
        names = [str(entry.get("Config")) for entry in entries]
        return {
            "manifest.json": manifest,
            **{name: self.files.read(name, LARGEST_CONFIG) or b"" for name in names},
        }

    @contextmanager
    def _archive(self) -> Iterator[Iterator[bytes]]:
        path = Path(self.location.path)
        yield unpacked(TarFile(path).chunks(), path.stat().st_size)


def _blob_name(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def _is_called(entry: JsonObject, tag: str) -> bool:
    annotations = entry.get("annotations")
    name = annotations.get(_REF_NAME) if isinstance(annotations, dict) else None
    return isinstance(name, str) and (name == tag or name.endswith(f":{tag}"))
