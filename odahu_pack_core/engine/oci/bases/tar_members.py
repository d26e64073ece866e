"""Reads the headers of tar streams quickly and in bounded memory, whatever the stream holds.

Formats: ustar and pax (POSIX.1-2001) and GNU's long names and sparse files
(https://www.gnu.org/software/tar/manual/html_node/Standard.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from odahu_pack_core.errors import RegistryError

from .unpacking import ChunkReader

FILE: Final = "file"
HARD_LINK: Final = "hard link"
LINK: Final = "link"
FOLDER: Final = "folder"
OTHER: Final = "other"

_BLOCK: Final = 512
_EMPTY: Final = bytes(_BLOCK)
_KINDS: Final = {
    b"0": FILE, b"\0": FILE, b"7": FILE, b"S": FILE, b"1": HARD_LINK, b"2": LINK, b"5": FOLDER,
    b"3": OTHER, b"4": OTHER, b"6": OTHER,
}  # fmt: skip
_LONG_NAME, _LONG_LINK, _PAX, _PAX_FOR_ALL, _SPARSE = b"L", b"K", b"x", b"g", b"S"
_LONGEST_EXTENSION: Final = 1024 * 1024
_CHECKSUM: Final = slice(148, 156)
_SPACES: Final = b" " * 8
_MORE_FOLLOWS: Final = 482
_MORE_FOLLOWS_AGAIN: Final = 504
_BINARY: Final = 0x80
_NEGATIVE: Final = 0xFF


class Member(NamedTuple):
    """An entry of a tar stream.

    Args:
        path: Its path as written.
        kind: One of this module's.
        mode: Permission bits.
        link: Where a link points, as written.
    """

    path: str
    kind: str
    mode: int
    link: str


def members(
    chunks: Iterable[bytes], wanted: Callable[[Member], int] = lambda _: 0
) -> Iterator[tuple[Member, bytes]]:
    """Yield each entry of a tar stream, with as much of its content as is wanted.

    The stream is read to its very end, so that whoever gives it can check it.

    Args:
        chunks: The stream.
        wanted: Says how many bytes of an entry's content are wanted.

    Raises:
        RegistryError: It is no tar stream, or broken.
    """
    stream = ChunkReader(chunks)
    extension = _Extension()
    while (header := stream.read(_BLOCK)) and header != _EMPTY:
        if len(header) != _BLOCK or not _is_intact(header):
            raise _broken()
        flag, size = header[156:157], extension.size(_number(header[124:136]))
        if flag in {_LONG_NAME, _LONG_LINK, _PAX, _PAX_FOR_ALL}:
            extension.add(flag, _content(stream, size))
            continue
        if flag == _SPARSE:
            _skip_map(stream, header)
        member = _member(header, flag, extension)
        extension = _Extension()
        # Only files have content: old tars give links a size that nothing follows.
        size = size if member.kind == FILE else 0
        kept = stream.read(min(size, wanted(member)))
        if not stream.skip(_padded(size) - len(kept)):
            raise _broken()
        yield member, kept
    stream.drain()


@dataclass
class _Extension:
    """What entries before an entry say of it."""

    texts: dict[bytes, bytes] = field(default_factory=dict)

    def add(self, flag: bytes, content: bytes) -> None:
        if flag == _LONG_NAME:
            self.texts[b"path"] = content.partition(b"\0")[0]
        elif flag == _LONG_LINK:
            self.texts[b"linkpath"] = content.partition(b"\0")[0]
        elif flag == _PAX:
            self.texts |= _records(content)

    def size(self, written: int) -> int:
        try:
            size = int(self.texts.get(b"size", written))
        except ValueError:
            raise _broken() from None
        if size < 0:
            raise _broken()
        return size


def _member(header: bytes, flag: bytes, extension: _Extension) -> Member:
    texts = extension.texts
    path = texts.get(b"GNU.sparse.name") or texts.get(b"path") or _written_path(header)
    link = texts.get(b"linkpath") or header[157:257].partition(b"\0")[0]
    # Before POSIX a folder was told by the slash at its end.
    kind = FOLDER if flag == b"\0" and path.endswith(b"/") else _KINDS.get(flag, FILE)
    return Member(_decoded(path), kind, _number(header[100:108]), _decoded(link))


def _written_path(header: bytes) -> bytes:
    name = header[:100].partition(b"\0")[0]
    prefix = header[345:500].partition(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


def _content(stream: ChunkReader, size: int) -> bytes:
    if size > _LONGEST_EXTENSION:
        raise _broken()
    content = stream.read(size)
    if len(content) != size or not stream.skip(_padded(size) - size):
        raise _broken()
    return content


def _records(content: bytes) -> dict[bytes, bytes]:
    """Return pax records, each of which is ``LENGTH KEY=VALUE`` and a newline."""
    records = {}
    while content:
        head, space, _ = content[:32].partition(b" ")
        if not space or not head.isdigit() or not len(head) + 1 < int(head) <= len(content):
            raise _broken()
        record, content = content[len(head) + 1 : int(head)], content[int(head) :]
        key, equals, value = record.removesuffix(b"\n").partition(b"=")
        if not equals:
            raise _broken()
        records[key] = value
    return records


def _skip_map(stream: ChunkReader, header: bytes) -> None:
    """Skip the rest of the map that says which parts of a sparse file are written."""
    more = header[_MORE_FOLLOWS]
    while more:
        block = stream.read(_BLOCK)
        if len(block) != _BLOCK:
            raise _broken()
        more = block[_MORE_FOLLOWS_AGAIN]


def _is_intact(header: bytes) -> bool:
    try:
        return _number(header[_CHECKSUM]) == sum(header) - sum(header[_CHECKSUM]) + sum(_SPACES)
    except RegistryError:
        return False


def _number(text: bytes) -> int:
    """Return a number: octal, or what GNU tar writes for large ones."""
    if text[0] & _BINARY:
        if text[0] == _NEGATIVE:
            raise _broken()
        return int.from_bytes(bytes([text[0] & ~_BINARY]) + text[1:], "big")
    try:
        return int(text.partition(b"\0")[0].strip() or b"0", 8)
    except ValueError:
        raise _broken() from None


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _broken() -> RegistryError:
    return RegistryError("a layer of the base image is no intact tar stream", code="base-damaged")
