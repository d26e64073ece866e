"""Compressed streams: what they expand to is counted, and a cut one is never taken for a whole one."""

from __future__ import annotations

import tarfile
from typing import BinaryIO, Final, Protocol

from .limits import Allowance

_LARGEST_ZSTD_WINDOW: Final = 128 * 1024 * 1024
_SEAL: Final = b"\x8e\x1dodahu-pack seal\xf3"


class Readable(Protocol):
    """What reading an archive from start to end needs of a stream."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""
        ...


def gzip_stream(packed: BinaryIO, allowance: Allowance) -> Readable:
    """Return what a gzip file expands to.

    Args:
        packed: The file.
        allowance: How much it may expand to.
    """
    return _Counted(_Gzip(packed), allowance)


def zstd_stream(packed: BinaryIO, allowance: Allowance) -> Readable:
    """Return what a zstd file expands to.

    Args:
        packed: The file.
        allowance: How much it may expand to.
    """
    return _Counted(_Zstd(packed), allowance)


class _Counted:
    """A stream that counts what is read of it."""

    def __init__(self, stream: Readable, allowance: Allowance) -> None:
        self._stream = stream
        self._allowance = allowance

    def read(self, size: int, /) -> bytes:
        chunk = self._stream.read(size)
        self._allowance.count_bytes(len(chunk))
        return chunk


class _Gzip:
    """A gzip file decompressed; several times as fast as the standard library does it."""

    def __init__(self, packed: BinaryIO) -> None:
        from isal import igzip, isal_zlib  # noqa: PLC0415  # only for artifacts that need it

        self._reader = igzip.IGzipFile(fileobj=packed)  # type: ignore[no-untyped-call]  # isal has few types
        self._fault: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub means an instance

    def read(self, size: int, /) -> bytes:
        try:
            return self._reader.read(size)
        except self._fault as error:
            raise tarfile.ReadError(str(error)) from None


class _Zstd:
    """A zstd file decompressed, with the check for its end that the decompressor does not make.

    The file is followed by one more frame, the seal; only behind a whole file does its content come out.
    """

    def __init__(self, packed: BinaryIO) -> None:
        import zstandard  # noqa: PLC0415  # only for artifacts that need it

        decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_ZSTD_WINDOW)
        source = _Sealed(packed, zstandard.ZstdCompressor().compress(_SEAL))
        self._reader = decompressor.stream_reader(source, read_across_frames=True)  # type: ignore[arg-type]  # all that is read
        self._fault = zstandard.ZstdError
        self._tail = b""

    def read(self, size: int, /) -> bytes:
        try:
            chunk = self._reader.read(size)
        except self._fault as error:
            raise tarfile.ReadError(str(error)) from None
        self._tail = (self._tail + chunk)[-len(_SEAL) :]
        if not chunk and self._tail != _SEAL:
            raise tarfile.ReadError("it is cut off")
        return chunk


class _Sealed:
    """A file followed by some more bytes."""

    def __init__(self, packed: BinaryIO, seal: bytes) -> None:
        self._packed = packed
        self._seal = seal

    def read(self, size: int, /) -> bytes:
        chunk = self._packed.read(size)
        if not chunk:
            chunk, self._seal = self._seal, b""
        return chunk
