"""Images as archives: an OCI image layout in a tar, which ``docker load`` reads too where it is told how."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

from odahu_pack_core.blob.descriptor import Blob, BytesBlob, Descriptor
from odahu_pack_core.errors import EngineError
from odahu_pack_core.plan.layer_tar import tar_end, tar_entry, tar_padding
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.values import dataclass

from .config import canonical
from .manifest import FinishedImage, layout_index, root_of

_LAYOUT: Final = b'{"imageLayoutVersion":"1.0.0"}'


@dataclass(frozen=True)
class Member:
    """A file of a layout.

    Args:
        path: Relative path with ``/``.
        blob: Its content.
    """

    path: str
    blob: Blob

    def chunks(self) -> Iterator[bytes]:
        """Yield the content.

        Raises:
            EngineError: It is not what its digest says.
        """
        expected, digest, size = self.blob.descriptor, hashlib.sha256(), 0
        for chunk in self.blob.chunks():
            digest.update(chunk)
            size += len(chunk)
            if size > expected.size:
                break
            yield chunk
        if (size, f"sha256:{digest.hexdigest()}") != (expected.size, expected.digest):
            raise EngineError(
                f"{expected.digest} is damaged, or changed while the image was written",
                code="bad-blob",
                hint="run again",
            )


def layout_members(images: Sequence[FinishedImage], name: ImageReference) -> list[Member]:
    """Return the files of an OCI image layout, small ones first.

    Args:
        images: The image of each platform.
        name: What the image is called.
    """
    root = root_of(images)
    index = layout_index(root.descriptor, named(name))
    manifests = [root, *(image.manifest for image in images)]
    blobs = [*manifests, *(blob for image in images for blob in image.blobs)]
    by_path = {blob_path(blob.descriptor): blob for blob in blobs}
    files = {"oci-layout": _file(_LAYOUT), "index.json": _file(index), **by_path}
    return [Member(path, blob) for path, blob in files.items()]


def docker_members(image: FinishedImage, name: ImageReference) -> list[Member]:
    """Return the files of an archive that Docker loads; it is an OCI image layout as well.

    Args:
        image: The image.
        name: What it is called.
    """
    load = {
        "Config": blob_path(image.config.descriptor),
        "RepoTags": [named(name)],
        "Layers": [blob_path(layer.blob.descriptor) for layer in image.layers],
    }
    return [Member("manifest.json", _file(canonical([load]))), *layout_members([image], name)]


def partial_members(image: FinishedImage, name: ImageReference, present: int) -> list[Member]:
    """Return the files of an archive for a Docker engine that holds the lowest layers.

    Args:
        image: The image.
        name: What it is called.
        present: How many layers the engine holds; nobody looks at their blobs.
    """
    paths = [f"layers/{layer.diff_id.removeprefix('sha256:')}" for layer in image.layers]
    config = Member(blob_path(image.config.descriptor), image.config)
    load = {"Config": config.path, "RepoTags": [named(name)], "Layers": paths}
    new = dict(zip(paths[present:], image.layers[present:], strict=True))
    layers = [Member(path, layer.blob) for path, layer in new.items()]
    return [Member("manifest.json", _file(canonical([load]))), config, *layers]


def tar_of(members: Sequence[Member]) -> Iterator[bytes]:
    """Yield files as a tar stream.

    Raises:
        EngineError: A blob is not what its digest says.
    """
    for member in members:
        size = member.blob.descriptor.size
        yield tar_entry(member.path, size)
        yield from member.chunks()
        yield tar_padding(size)
    yield tar_end()


def tar_size(members: Sequence[Member]) -> int:
    """Return the bytes of the tar stream of files."""
    sizes = {member.path: member.blob.descriptor.size for member in members}
    entries = (len(tar_entry(path, size)) + size + len(tar_padding(size)) for path, size in sizes.items())
    return sum(entries) + len(tar_end())


def named(name: ImageReference) -> str:
    """Return a name with a tag."""
    return str(name) if name.tag else f"{name}:latest"


def blob_path(descriptor: Descriptor) -> str:
    """Return where a layout has a blob."""
    algorithm, _, digits = descriptor.digest.partition(":")
    return f"blobs/{algorithm}/{digits}"


def _file(content: bytes) -> BytesBlob:
    return BytesBlob("application/json", content)
