"""The names in a tar archive, plain or compressed by gzip, read once from begin to end within bounds.

Python's own ``tarfile`` keeps every member in memory, and as much of a header as it asks for.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, Protocol

_BLOCK: Final = 512
_MAGIC: Final = slice(257, 262)
_GZIP: Final = b"\x1f\x8b"
_OTHERS: Final = {
    b"PK\x03\x04": "a zip archive",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ\x00": "compressed by xz",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"version https://git-lfs": "a pointer of Git LFS",
    b"<": "a page of HTML or XML",
}
_LONG_NAME, _EXTENDED = b"L", frozenset({b"x", b"g"})
_LONGEST_NAME: Final = 64 * 1024
_MOST_BYTES: Final = 96 * 1024 * 1024
_CHUNK: Final = 1024 * 1024


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class ArchiveError(ValueError):
    """A file is not an archive that Triton can unpack; the message says what it is."""


class VeryLargeError(Exception):
    """So much of an archive was read that reading on would take too long."""


def names_in_archive(stream: BinaryIO) -> Iterator[str]:
    """Yield the names of an archive's members.

    Args:
        stream: The archive, at its begin.

    Raises:
        ArchiveError: It is no tar archive, or cut off.
        VeryLargeError: It is larger than what can be read quickly; names were yielded before.
    """
    head = stream.read(_BLOCK)
    stream.seek(0)
    is_packed = head.startswith(_GZIP)
    if not is_packed and head[_MAGIC] != b"ustar":
        raise ArchiveError(
            next((what for magic, what in _OTHERS.items() if head.startswith(magic)), "no tar")
        )
    try:
        yield from _names(gzip.GzipFile(fileobj=stream) if is_packed else stream)
    except ArchiveError:
        raise
    except EOFError:
        raise ArchiveError("cut off") from None
    except (OSError, zlib.error, ValueError) as error:
        raise ArchiveError(f"damaged: {error}") from None


def _names(stream: _Readable) -> Iterator[str]:
    left, long_name = _MOST_BYTES, ""
    while len(header := stream.read(_BLOCK)) == _BLOCK and header.strip(b"\0"):
        if header[_MAGIC] != b"ustar":
            raise ArchiveError("no tar")
        kind, size = header[156:157], _size(header[124:136])
        padded = -(-size // _BLOCK) * _BLOCK
        left -= padded + _BLOCK
        if left < 0:
            raise VeryLargeError
        if kind == _LONG_NAME or kind in _EXTENDED:
            read = stream.read(min(padded, _LONGEST_NAME))
            long_name = _long_name(kind, read[:size]) or long_name
            _skip(stream, padded - len(read))
            continue
        yield (long_name or _name(header)).removeprefix("./").rstrip("/")
        long_name = ""
        _skip(stream, padded)


def _skip(stream: _Readable, size: int) -> None:
    while size > 0:
        read = len(stream.read(min(size, _CHUNK)))
        if not read:
            raise ArchiveError("cut off")
        size -= read


def _size(field: bytes) -> int:
    """Return a size, which large files have in binary."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    return int(field.strip(b" \0") or b"0", 8)


def _name(header: bytes) -> str:
    name, prefix = header[:100], header[345:500] if header[257:263] == b"ustar\0" else b""
    parts = (part.partition(b"\0")[0].decode("utf-8", "replace") for part in (prefix, name))
    return "/".join(filter(None, parts))


def _long_name(kind: bytes, content: bytes) -> str:
    """Return the name that a header of its own gives to the next member; empty where it gives none."""
    if kind == _LONG_NAME:
        return content.rstrip(b"\0").decode("utf-8", "replace")
    for record in content.split(b"\n"):
        key, equals, value = record.partition(b" ")[2].partition(b"=")
        if equals and key == b"path" and kind == b"x":
            return value.decode("utf-8", "replace")
    return ""
