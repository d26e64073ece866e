"""ImageContent: an image read back from where an engine brought it, for a test to look into."""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from odahu_pack_core.blob.descriptor import digest_of_bytes
from odahu_pack_core.values import dataclass

from .tree import ImageTree

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_NAME: Final = "org.opencontainers.image.ref.name"

ReadBlob = Callable[[str], bytes]
"""Returns the bytes of a digest."""


@dataclass(frozen=True)
class ImageContent:
    """An image.

    Args:
        names: What it is called where it was found.
        manifest_digest: Of its manifest; empty in archives of Docker's kind, which have none.
        config_digest: Of its config, which is its id.
        config: Its config, parsed.
        layers: The tar stream of each layer, uncompressed, from the lowest on.
    """

    names: tuple[str, ...]
    manifest_digest: str
    config_digest: str
    config: Mapping[str, Any]
    layers: tuple[bytes, ...]

    @property
    def settings(self) -> Mapping[str, Any]:
        """How containers of the image run: the field ``config`` of its config."""
        found: Mapping[str, Any] = self.config.get("config") or {}
        return found

    @property
    def env(self) -> dict[str, str]:
        """Its environment variables, in their order."""
        return dict(entry.partition("=")[::2] for entry in self.settings.get("Env") or ())

    @property
    def diff_ids(self) -> list[str]:
        """The digest of each layer's tar stream, as the config has it."""
        return list(self.config["rootfs"]["diff_ids"])

    @cached_property
    def tree(self) -> ImageTree:
        """Its files."""
        return ImageTree.of(self.layers)


def read_layout(path: Path) -> tuple[ImageContent, ...]:
    """Read every image of an OCI image layout, a folder or a tar of one.

    Args:
        path: The folder or the tar.

    Returns:
        One image for each platform, in the order of the index.
    """
    with _reading(path) as read:
        return tuple(_layout_images(read, json.loads(read("index.json"))))


def read_archive(path: Path) -> ImageContent:
    """Read an image from an archive that ``docker load`` reads.

    Args:
        path: The archive.
    """
    with _reading(path) as read:
        (entry,) = json.loads(read("manifest.json"))
        config = read(entry["Config"])
        layers = tuple(uncompressed(read(name)) for name in entry["Layers"])
        return ImageContent(
            tuple(entry["RepoTags"] or ()), "", digest_of_bytes(config), json.loads(config), layers
        )


def image_of(manifest: bytes, blob: ReadBlob, names: tuple[str, ...] = ()) -> ImageContent:
    """Return the image of a manifest.

    Args:
        manifest: The manifest's bytes.
        blob: Reads config and layers.
        names: What the image is called.
    """
    parsed = json.loads(manifest)
    config_digest = parsed["config"]["digest"]
    layers = tuple(uncompressed(blob(layer["digest"])) for layer in parsed["layers"])
    return ImageContent(
        names, digest_of_bytes(manifest), config_digest, json.loads(blob(config_digest)), layers
    )


def uncompressed(blob: bytes) -> bytes:
    """Return the tar stream of a layer, however it is compressed."""
    if blob.startswith(_GZIP):
        return gzip.decompress(blob)
    if blob.startswith(_ZSTD):
        from zstandard import ZstdDecompressor  # noqa: PLC0415  # few layers are of this kind

        return ZstdDecompressor().decompressobj().decompress(blob)
    return blob


def _layout_images(read: Callable[[str], bytes], index: Mapping[str, Any]) -> Iterator[ImageContent]:
    def blob(digest: str) -> bytes:
        content = read(f"blobs/{digest.replace(':', '/')}")
        assert digest_of_bytes(content) == digest, f"the blob {digest} is not what its name says"
        return content

    for entry in index["manifests"]:
        document = blob(entry["digest"])
        if "manifests" in (inner := json.loads(document)):
            yield from _layout_images(read, inner)
        else:
            name = (entry.get("annotations") or {}).get(_NAME)
            yield image_of(document, blob, (name,) if name else ())


@contextmanager
def _reading(path: Path) -> Iterator[Callable[[str], bytes]]:
    """Give what reads a member of a folder or a tar."""
    if path.is_dir():
        yield lambda name: (path / name).read_bytes()
        return
    with tarfile.open(path) as tar:

        def read(name: str) -> bytes:
            stream = tar.extractfile(name)
            assert stream is not None, f"{name} of {path} is no file"
            return stream.read()

        yield read
