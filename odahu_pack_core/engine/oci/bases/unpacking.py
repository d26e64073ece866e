"""Layers of base images as tar streams, whatever compressed them, a bounded piece in memory at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import IO, Final, cast

from odahu_pack_core.errors import RegistryError

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
COMPRESSED: Final = (_GZIP, _ZSTD)
"""How compressed content begins."""

_SKIPPABLE: Final = b"\x2a\x4d\x18"  # follows a byte 0x50 to 0x5f; some tools begin a zstd stream with it
_PIECE: Final = 1024 * 1024
_WINDOW_BITS: Final = 31  # of zlib: a gzip header is expected
_LARGEST_ZSTD_WINDOW: Final = 128 * 1024 * 1024
_ALWAYS_FINE: Final = 1024 * 1024 * 1024
_MOST_EXPANSION: Final = 100


def unpacked(chunks: Iterable[bytes], packed_size: int) -> Iterator[bytes]:
    """Yield the tar stream of a layer's blob.

    What it is compressed with is told by its first bytes: media types of layers are often wrong about it.

    Args:
        chunks: The blob; it is read to its end, so that whoever gives it can check it.
        packed_size: The blob's bytes.

    Raises:
        RegistryError: It is damaged, or unpacks to an absurd size.
    """
    chunks = iter(chunks)
    start = b""
    while len(start) < len(_ZSTD) and (chunk := next(chunks, b"")):
        start += chunk
    whole = itertools.chain([start], chunks)
    total, limit = 0, max(_ALWAYS_FINE, packed_size * _MOST_EXPANSION)
    for piece in _pieces(start, whole):
        total += len(piece)
        if total > limit:
            raise RegistryError(
                f"a layer of {packed_size} bytes unpacks to more than {limit} bytes", code="base-bomb"
            )
        yield piece


def _pieces(start: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    if start.startswith(_GZIP):
        return _gunzipped(chunks)
    if start.startswith(_ZSTD) or start[1:4] == _SKIPPABLE:
        return _unzstd(chunks)
    return chunks


def _gunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what is in all members of a gzip stream; layers that can be mounted lazily have many."""
    from isal import isal_zlib  # noqa: PLC0415  # few runs read a layer

    stream, begun = isal_zlib.decompressobj(_WINDOW_BITS), False
    try:
        for chunk in chunks:
            rest = chunk
            while rest or begun:
                # Some tools fill the end of a stream up with zeros.
                rest = rest if begun else rest.lstrip(b"\0")
                begun = begun or bool(rest)
                piece = stream.decompress(rest, _PIECE)
                if piece:
                    yield piece
                if stream.eof:
                    rest, stream, begun = stream.unused_data, isal_zlib.decompressobj(_WINDOW_BITS), False
                elif piece or stream.unconsumed_tail:
                    rest = stream.unconsumed_tail
                else:
                    break
    except isal_zlib.error:  # type: ignore[misc]  # its stubs take the class for an instance
        raise _damaged() from None
    if begun:
        raise _damaged()


def _unzstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    import zstandard  # noqa: PLC0415  # as above

    source = cast("IO[bytes]", ChunkReader(chunks))
    decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_ZSTD_WINDOW)
    try:
        with decompressor.stream_reader(source, read_across_frames=True, closefd=False) as reader:
            while piece := reader.read(_PIECE):
                yield piece
    except zstandard.ZstdError:
        raise _damaged() from None


class ChunkReader:
    """Chunks as a stream that can only be read and skipped forward.

    Args:
        chunks: The content.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk = b""
        self._at = 0

    def read(self, size: int) -> bytes:
        """Return so many bytes; fewer only at the end."""
        end = self._at + size
        if end <= len(self._chunk):
            content = self._chunk[self._at : end]
            self._at = end
            return content
        parts = [self._chunk[self._at :]]
        left = size - len(parts[0])
        while left and self._next():
            parts.append(self._chunk[:left])
            self._at = len(parts[-1])
            left -= self._at
        return b"".join(parts)

    def skip(self, size: int) -> bool:
        """Go so many bytes on; False where the stream ends before."""
        left = size - (len(self._chunk) - self._at)
        if left <= 0:
            self._at += size
            return True
        while self._next():
            if left <= len(self._chunk):
                self._at = left
                return True
            left -= len(self._chunk)
        return False

    def drain(self) -> None:
        """Read to the end, so that whoever gives the chunks can check them."""
        while self._next():
            pass

    def _next(self) -> bool:
        self._chunk, self._at = next(self._chunks, b""), 0
        while not self._chunk:
            following = next(self._chunks, None)
            if following is None:
                return False
            self._chunk = following
        return True


def _damaged() -> RegistryError:
    return RegistryError("a layer of the base image is damaged", code="base-damaged")
