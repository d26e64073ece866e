"""Headers of tar entries, made here and not by tarfile so that every Python makes the same bytes, and fast.

The format is ustar; what does not fit is told by pax records before the header, as POSIX.1-2001 has it:
https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_03
"""

from __future__ import annotations

from typing import Final

BLOCK: Final = 512
FILE: Final = b"0"
LINK: Final = b"2"
FOLDER: Final = b"5"
_RECORDS: Final = b"x"

_NAME: Final = 100
_NUMBERS_END: Final = 8**11
_MODE_BITS: Final = 0o7777
_OWNER: Final = b"0000000\0" * 2
_UNSUMMED: Final = b" " * 8
_REST: Final = b"ustar\x0000" + b"\0" * 247
"""Magic and version; then no names of owners, no device, no prefix, and the padding."""


def tar_header(
    name: str, kind: bytes = FILE, *, size: int = 0, mode: int = 0o644, time: int = 0, link: str = ""
) -> bytes:
    """Return what stands before an entry's content.

    Args:
        name: The entry's path; what could not be decoded is held as lone surrogates, as `os.fsdecode` does.
        kind: `FILE`, `LINK` or `FOLDER`.
        size: Bytes of content.
        mode: Permission bits.
        time: Seconds since 1970, not negative.
        link: Where a link points.
    """
    if kind == FOLDER:
        name += "/"
    if _fits(name, link, size, time):
        return _ustar(name.encode("ascii"), kind, size=size, mode=mode, time=time, link=link.encode("ascii"))
    short = _ustar(_cut(name), kind, size=_small(size), mode=mode, time=_small(time), link=_cut(link))
    return _records_entry(_records(name, link, size, time)) + short


def header_size(name: str, kind: bytes = FILE, *, size: int = 0, time: int = 0, link: str = "") -> int:
    """Return how long a header is, without making it where that can be had for less."""
    if _fits(f"{name}/" if kind == FOLDER else name, link, size, time):
        return BLOCK
    return len(tar_header(name, kind, size=size, time=time, link=link))


def padded(size: int) -> int:
    """Return a size, filled up to the next block."""
    return -(-size // BLOCK) * BLOCK


def _fits(name: str, link: str, size: int, time: int) -> bool:
    return _plain(name) and _plain(link) and size < _NUMBERS_END and time < _NUMBERS_END


def _plain(text: str) -> bool:
    return text.isascii() and len(text) <= _NAME


def _cut(text: str) -> bytes:
    return text.encode("ascii", "replace")[:_NAME]


def _small(number: int) -> int:
    return number if number < _NUMBERS_END else 0


def _ustar(name: bytes, kind: bytes, *, size: int, mode: int = 0, time: int = 0, link: bytes = b"") -> bytes:
    start = name.ljust(_NAME, b"\0") + b"%07o\0" % (mode & _MODE_BITS) + _OWNER
    start += b"%011o\0%011o\0" % (size, time)
    end = kind + link.ljust(_NAME, b"\0") + _REST
    return start + b"%06o\0 " % (sum(start) + sum(_UNSUMMED) + sum(end)) + end


def _records(name: str, link: str, size: int, time: int) -> bytes:
    texts = {"path": name, "linkpath": link}
    needed = {key: text for key, text in texts.items() if not _plain(text)}
    numbers = {"size": size, "mtime": time}
    needed |= {key: str(number) for key, number in numbers.items() if number >= _NUMBERS_END}
    values = {key: text.encode("utf-8", "surrogateescape") for key, text in needed.items()}
    undecoded = any(not _is_utf8(text) for text in needed.values())
    # POSIX: what is no UTF-8 has to be announced.
    announced = {"hdrcharset": b"BINARY"} if undecoded else {}
    return b"".join(_record(key.encode(), value) for key, value in {**announced, **values}.items())


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _record(key: bytes, value: bytes) -> bytes:
    """Return ``LENGTH KEY=VALUE`` and a newline, where the length counts itself, too."""
    bare = len(key) + len(value) + len(b" =\n")
    length = bare + len(str(bare))
    length = bare + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def _records_entry(records: bytes) -> bytes:
    header = _ustar(b"././@PaxHeader", _RECORDS, size=len(records))
    return header + records.ljust(padded(len(records)), b"\0")
