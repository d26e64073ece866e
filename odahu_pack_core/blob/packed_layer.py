"""PackedLayer: a layer as a blob and as a tar stream, and how caches note it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.plan.layer_tar import TarSource
from odahu_pack_core.values import dataclass

from .descriptor import OCI_LAYER, OCI_LAYER_GZIP, Blob, Descriptor, is_digest
from .files import FileBlob
from .gzip_stream import inflated


@dataclass(frozen=True)
class PackedLayer:
    """A layer that is ready to be sent; as a `TarSource` it is what the blob holds.

    Args:
        diff_id: ``sha256:…`` of the tar stream.
        size: Bytes of the tar stream.
        blob: What registries and layouts hold.
    """

    diff_id: str
    size: int
    blob: Blob

    @property
    def descriptor(self) -> Descriptor:
        """What the blob is: `OCI_LAYER` or `OCI_LAYER_GZIP`."""
        return self.blob.descriptor

    def chunks(self) -> Iterator[bytes]:
        """Yield the tar stream from its start.

        Raises:
            ArtifactError: A file of the artifact is gone, or has changed.
            EngineError: The blob is gone, or damaged.
        """
        chunks = self.blob.chunks()
        return chunks if self.descriptor.media_type == OCI_LAYER else inflated(chunks)

    def to_note(self) -> dict[str, str | int]:
        """Return what a cache keeps beside the blob's file, for `from_note`."""
        blob = self.descriptor
        return {
            "diff_id": self.diff_id,
            "size": self.size,
            "media_type": blob.media_type,
            "digest": blob.digest,
            "blob_size": blob.size,
        }

    @classmethod
    def from_note(cls, path: Path, note: Mapping[str, object]) -> PackedLayer:
        """Return a layer whose blob is in a file.

        The file is not looked at.

        Args:
            path: The file.
            note: What `to_note` returned.

        Raises:
            ValueError: The note is not one of ours.
        """
        diff_id, digest = _digest(note, "diff_id"), _digest(note, "digest")
        media_type = note.get("media_type")
        if media_type == OCI_LAYER and digest != diff_id:
            raise ValueError("a layer that is stored as it is has two digests")
        if media_type not in (OCI_LAYER, OCI_LAYER_GZIP):  # no set: it may be unhashable
            raise ValueError(f"{media_type!r} is not the media type of a layer")
        blob = FileBlob(path, Descriptor(str(media_type), digest, _count(note, "blob_size")))
        return cls(diff_id, _count(note, "size"), blob)


@dataclass(frozen=True)
class SourceBlob:
    """A layer that is stored as it is, read from where it comes from.

    Args:
        source: The tar stream.
        digest: Its digest.
    """

    source: TarSource
    digest: str

    @property
    def descriptor(self) -> Descriptor:
        """What it is."""
        return Descriptor(OCI_LAYER, self.digest, self.source.size)

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """Yield the content from a byte on; what is before is read, too.

        Raises:
            ArtifactError: The stream cannot be read, or has another size than before.
        """
        at = 0
        for chunk in self.source.chunks():
            if at + len(chunk) > start:
                yield chunk[max(start - at, 0) :]
            at += len(chunk)
        if at != self.source.size:
            raise ArtifactError("a layer changed while it was packaged", code="changed")


def _digest(note: Mapping[str, object], key: str) -> str:
    value = note.get(key)
    if not is_digest(value):
        raise ValueError(f"{key} is {value!r}, which is not a digest")
    return value


def _count(note: Mapping[str, object], key: str) -> int:
    value = note.get(key)
    if type(value) is not int or value < 0:
        raise ValueError(f"{key} is {value!r}, which is not a number of bytes")
    return value
