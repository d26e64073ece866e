"""Makes blobs of layers: compressed on all cores where that is worth it, else the tar stream as it is."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.plan.blocks import in_blocks
from odahu_pack_core.plan.layer_tar import TarSource

from .descriptor import OCI_LAYER, OCI_LAYER_GZIP
from .files import BlobDraft, FileBlob, drafting
from .gzip_stream import BLOCK, HEADER, checksum, deflated, estimated_saving, trailer
from .packed_layer import PackedLayer, SourceBlob
from .threads import in_order

_WORTH: Final = 8
"""Compression is worth its time where it saves one byte of this many."""
_PATIENCE: Final = 4 * BLOCK
"""After so many bytes compression is given up, for the time being, where it has not been worth it."""
_TINY: Final = 4 * BLOCK
"""A layer up to this size is packed before threads have started."""
_MOST_THREADS: Final = 4
"""More are of no use: all is hashed on one thread, which is no faster than so many that compress."""


def pack(
    source: TarSource,
    draft: Path,
    *,
    keep: bool = False,
    progress: Callable[[int], None] = lambda _: None,
    threads: int | None = None,
) -> PackedLayer:
    """Make a layer's blob.

    Whether it is compressed, and to what, is a function of the stream's bytes alone. The stream is read once
    as a rule; twice where it begins with much that does not compress, and yet is worth compressing.

    Args:
        source: The layer's tar stream.
        draft: Where the blob is written, unless it is the tar stream itself; the caller's to remove.
        keep: Whether the blob must be in the file in any case.
        progress: Told on this thread how many bytes of the stream are read; a second reading starts anew.
        threads: How many threads compress; as many as there are processors, up to a few, by default.

    Raises:
        ArtifactError: The stream is not the same the second time, or cannot be read.
        EngineError: The disk is full, or cannot be written.
    """
    if threads is None:
        threads = min(_MOST_THREADS, len(os.sched_getaffinity(0))) if source.size > _TINY else 1
    first = _Reading(source, progress)
    packed, worth = _tried(first, draft, threads)
    layer = partial(PackedLayer, first.digest, first.size)
    if packed is not None:
        return layer(packed)
    if not worth and not keep:
        return layer(SourceBlob(source, first.digest))
    again = _Reading(source, progress)
    packed = _compressed(again, draft, threads) if worth else _copied(again, draft)
    if again.digest != first.digest:
        draft.unlink()
        raise ArtifactError("a layer changed while it was packaged", code="changed")
    return layer(packed)


class _Reading:
    """One reading of a stream, which notes what has gone by.

    Args:
        source: The stream.
        progress: Told how far it is.
    """

    def __init__(self, source: TarSource, progress: Callable[[int], None]) -> None:
        self._source = source
        self._progress = progress
        self._hash = hashlib.sha256()
        self.size = 0
        self.crc = 0

    def blocks(self) -> Iterator[bytes]:
        for block in in_blocks(self._source.chunks(), BLOCK):
            self._hash.update(block)
            self.crc = checksum(block, self.crc)
            self.size += len(block)
            self._progress(self.size)
            yield block

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


class _Trial:
    """Compresses blocks for as long as that seems to be worth it.

    What was saved is always estimated, never measured, so that giving up early decides nothing.
    """

    def __init__(self) -> None:
        self.given_up = False
        self._seen = self._saved = 0

    def block(self, block: bytes) -> tuple[int, int, bytes]:
        """Return a block's size, what compression saves, and, unless given up, the compressed block."""
        return len(block), estimated_saving(block), b"" if self.given_up else deflated(block)

    def note(self, size: int, saved: int) -> None:
        self._seen += size
        self._saved += saved
        if self._seen >= _PATIENCE and not self.worth:
            self.given_up = True

    @property
    def worth(self) -> bool:
        return self._saved * _WORTH >= self._seen


def _tried(reading: _Reading, draft: Path, threads: int) -> tuple[FileBlob | None, bool]:
    """Return the compressed blob if all went well, and whether compression is worth it."""
    trial = _Trial()
    with drafting(draft) as out, contextlib.closing(in_order(trial.block, reading.blocks(), threads)) as made:
        out.write(HEADER)
        for size, saved, compressed in made:
            trial.note(size, saved)
            if not trial.given_up:
                out.write(compressed)
        if trial.worth and not trial.given_up:
            return _ended(out, reading), True
    draft.unlink()
    return None, trial.worth


def _compressed(reading: _Reading, draft: Path, threads: int) -> FileBlob:
    with drafting(draft) as out, contextlib.closing(in_order(deflated, reading.blocks(), threads)) as made:
        _write_all(out, [HEADER])
        _write_all(out, made)
        return _ended(out, reading)


def _ended(out: BlobDraft, reading: _Reading) -> FileBlob:
    out.write(trailer(reading.crc, reading.size))
    return out.finished(OCI_LAYER_GZIP)


def _copied(reading: _Reading, draft: Path) -> FileBlob:
    with drafting(draft) as out:
        _write_all(out, reading.blocks())
        return out.finished(OCI_LAYER)


def _write_all(out: BlobDraft, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        out.write(piece)
