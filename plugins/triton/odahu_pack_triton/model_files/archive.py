"""Zip archives that are only looked into: their members' names, and the text of a few small ones."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import BinaryIO, Final

from .faults import ModelFileError
from .stream import size_of

MAGIC: Final = b"PK\x03\x04"
_END: Final = b"PK\x05\x06"
_END_SIZE: Final = 22
_LONGEST_COMMENT: Final = 0xFFFF
_MOST_DIRECTORY: Final = 64 * 1024 * 1024
_UNKNOWN: Final = 0xFFFFFFFF
_END_64: Final = struct.Struct("<4sQHHLLQQQQ")
_LOCATOR: Final = struct.Struct("<4sLQL")


class Archive:
    """A zip archive of which nothing large is read.

    Args:
        stream: The file, in which one can jump.
        file: What errors call it.

    Raises:
        ModelFileError: It is no zip archive.
    """

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self._file = file
        _check_directory(stream, file)
        try:
            self._zip = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, OverflowError):
            raise ModelFileError("a damaged zip archive", file) from None
        self.names = frozenset(self._zip.namelist())

    def read(self, name: str, most: int) -> bytes:
        """Return the beginning of a member.

        Args:
            name: The member.
            most: How many bytes to return at most.

        Raises:
            ModelFileError: It is not there, or damaged.
        """
        try:
            with self._zip.open(name) as member:
                return member.read(most)
        except (
            KeyError,
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            ValueError,
        ):
            raise ModelFileError(f"a damaged zip archive: {name} cannot be read", self._file) from None


def _check_directory(stream: BinaryIO, file: str) -> None:
    """Refuse an archive whose list of members alone would fill the memory."""
    size = size_of(stream)
    tail_size = min(size, _END_SIZE + _LONGEST_COMMENT + _LOCATOR.size)
    stream.seek(size - tail_size)
    tail = stream.read(tail_size)
    end = tail.rfind(_END)
    if end < 0 or end + _END_SIZE > len(tail):
        raise ModelFileError("a zip archive that is cut off", file)
    (length,) = struct.unpack_from("<L", tail, end + 12)
    if length == _UNKNOWN and end >= _LOCATOR.size:
        length = _length_64(stream, tail[end - _LOCATOR.size : end])
    if length > _MOST_DIRECTORY:
        raise ModelFileError(f"a zip archive whose list of members has {length} bytes", file)


def _length_64(stream: BinaryIO, locator: bytes) -> int:
    """Return the length of the list of members in an archive of more than 4 GiB."""
    offset = _LOCATOR.unpack(locator)[2]
    if offset > size_of(stream):
        return _UNKNOWN
    stream.seek(offset)
    record = stream.read(_END_64.size)
    return int(_END_64.unpack(record)[8]) if len(record) == _END_64.size else _UNKNOWN
