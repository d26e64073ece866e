"""Layers of images as ``docker save`` writes them: the archive is streamed once, when one is first needed."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import IO, Final, cast

from odahu_pack_core.blob.descriptor import Descriptor
from odahu_pack_core.blob.files import drafting
from odahu_pack_core.blob.packed_layer import PackedLayer
from odahu_pack_core.errors import RegistryError

from .archive_files import is_compressed
from .layer_store import LayerStore, TarFile
from .unpacking import ChunkReader, unpacked

_CHUNK: Final = 1024 * 1024
_MOST_DOCUMENTS: Final = 16 * 1024 * 1024


@dataclass
class SavedLayers:
    """The layers of one image.

    Args:
        what: Names the image in errors.
        diff_ids: The digest of the tar stream of each layer.
        open_archive: Gives the archive's bytes.
        store: Where layers are kept.
    """

    what: str
    diff_ids: Sequence[str]
    open_archive: Callable[[], AbstractContextManager[Iterator[bytes]]]
    store: LayerStore
    _lock: Lock = field(default_factory=Lock)

    def layer(self, diff_id: str) -> PackedLayer:
        """Return a layer, the archive read if nobody did before.

        Raises:
            RegistryError: The archive is broken, or lacks the layer.
            EngineError: The cache cannot be written.
        """
        with self._lock:
            kept = self.store.layer(diff_id)
            if kept is None:
                self._read_archive()
                kept = self.store.layer(diff_id)
        if kept is None:
            raise RegistryError(f"{self.what} lacks the layer {diff_id}", code="base-damaged")
        return kept

    def _read_archive(self) -> None:
        name = hashlib.sha256(" ".join(self.diff_ids).encode()).hexdigest()
        with self.store.scratch(name) as scratch:
            missing = {diff_id for diff_id in self.diff_ids if self.store.layer(diff_id) is None}
            if not missing:
                return
            with self.open_archive() as chunks:
                for digest in _written_out(chunks, scratch / "member", self.what):
                    tar = _as_tar(scratch, digest, missing)
                    if tar is not None:
                        self.store.keep(tar, scratch)


@dataclass(frozen=True)
class SavedBlob:
    """The blob of a saved layer, made when anybody asks for it.

    Args:
        layers: All layers of its image.
        diff_id: Which of them it is.
    """

    layers: SavedLayers
    diff_id: str

    @property
    def descriptor(self) -> Descriptor:
        """What it is."""
        return self.layers.layer(self.diff_id).descriptor

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """Yield the content from a byte on."""
        return self.layers.layer(self.diff_id).blob.chunks(start)


def small_files(chunks: Iterator[bytes], most: int) -> dict[str, bytes]:
    """Return the small files of an archive, by name, for as long as they are not many.

    Args:
        chunks: The archive.
        most: How many bytes one may have.

    Raises:
        RegistryError: It is broken.
    """
    found: dict[str, bytes] = {}
    for member, content in _files(chunks, "the archive"):
        if member.size <= min(most, _MOST_DOCUMENTS - sum(map(len, found.values()))):
            found[member.name] = content.read()
    return found


def _written_out(chunks: Iterator[bytes], draft: Path, what: str) -> Iterator[str]:
    """Write each file of an archive to a draft, since it may be a layer, and yield its digest."""
    for _, content in _files(chunks, what):
        yield _write(content, draft)


def _files(chunks: Iterator[bytes], what: str) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", ChunkReader(chunks)), mode="r|") as archive:
            while (member := archive.next()) is not None:
                # tarfile would keep every member for random access.
                archive.members.clear()  # type: ignore[attr-defined]  # the documented list, which typeshed lacks
                content = archive.extractfile(member) if member.isreg() else None
                if content is not None:
                    yield member, content
    except tarfile.TarError:
        raise RegistryError(f"{what} is a broken archive", code="base-damaged") from None


def _write(content: IO[bytes], draft: Path) -> str:
    with drafting(draft) as out:
        while chunk := content.read(_CHUNK):
            out.write(chunk)
        return out.finished("").descriptor.digest


def _as_tar(scratch: Path, digest: str, missing: set[str]) -> Path | None:
    """Return the draft as a tar stream if it is a layer that is wanted; some engines save them compressed."""
    draft = scratch / "member"
    if digest in missing or not is_compressed(draft):
        return draft if digest in missing else None
    tar = scratch / "tar"
    with drafting(tar) as out:
        for chunk in unpacked(TarFile(draft).chunks(), draft.stat().st_size):
            out.write(chunk)
        digest = out.finished("").descriptor.digest
    return tar if digest in missing else None
