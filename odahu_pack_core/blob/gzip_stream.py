"""Gzip streams whose blocks are compressed apart from each other, by any threads to the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from isal import isal_zlib

from odahu_pack_core.errors import EngineError

BLOCK: Final = 1024 * 1024
"""Bytes that are compressed apart from others; a part of the format, as it decides the bytes."""

# Level 3 makes other bytes on other x86-64 processors; 2 is as fast as 1 and makes less. On arm64 isal makes
# other bytes than on x86-64 at every level: the digests of hosts of both architectures differ.
_LEVEL: Final = 2
_BARE: Final = -15  # no header and no trailer around the compressed bytes
_GZIP: Final = 31
_SLICES: Final = 4
_SLICE: Final = 4096
_PIECE: Final = 1024 * 1024

HEADER: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""No name, no time, and no operating system."""
_LAST_BLOCK: Final = b"\x03\0"


def deflated(block: bytes) -> bytes:
    """Return a block compressed, ready to be followed by another one or by the trailer."""
    compressor = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _BARE)
    return compressor.compress(block) + compressor.flush(isal_zlib.Z_SYNC_FLUSH)


def checksum(block: bytes, before: int) -> int:
    """Return the checksum of a stream that goes on with a block, from the one before it (0 at first)."""
    return isal_zlib.crc32(block, before)


def trailer(crc: int, size: int) -> bytes:
    """Return how a stream ends.

    Args:
        crc: The checksum of all that was compressed.
        size: Its bytes.
    """
    return _LAST_BLOCK + crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


def estimated_saving(block: bytes) -> int:
    """Return about how many bytes compression saves, by a look at a few places of a block."""
    step = max(len(block) // _SLICES, _SLICE)
    sample = b"".join(block[at : at + _SLICE] for at in range(0, len(block), step))
    left = len(sample) - len(deflated(sample))
    return max(left, 0) * len(block) // max(len(sample), 1)


def inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what a gzip stream holds, in pieces of a bounded size.

    Raises:
        EngineError: The stream is damaged.
    """
    stream = isal_zlib.decompressobj(_GZIP)
    try:
        for chunk in chunks:
            yield from _pieces(stream, chunk)
    except isal_zlib.error:  # type: ignore[misc]  # its stubs take the class for an instance
        raise _damaged() from None
    if not stream.eof:
        raise _damaged()


def _pieces(stream: isal_zlib.Decompress, chunk: bytes) -> Iterator[bytes]:
    while piece := stream.decompress(chunk, _PIECE):
        yield piece
        chunk = stream.unconsumed_tail


def _damaged() -> EngineError:
    return EngineError("a compressed layer is damaged", code="layer-damaged", hint="run again")
