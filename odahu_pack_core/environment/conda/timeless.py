"""Byte code of conda packages, made independent of the times of files."""

from __future__ import annotations

from typing import Final

_HEADER: Final = 16
_MAGIC: Final = 4
_UNCHECKED: Final = (1).to_bytes(4, "little")
_BY_TIME: Final = bytes(4)
_FIRST_WITH_FLAGS: Final = 3390
"""The magic number from which a header holds flags: Python 3.7, https://peps.python.org/pep-0552/."""


def without_time(content: bytes) -> bytes:
    """Return byte code that is valid whatever the time of its source is.

    A package's byte code is valid for the source of a certain time. Files of layers have another one, so an
    interpreter would compile them again at each start. What is not such byte code is returned as it is.

    Args:
        content: A ``.pyc`` file.
    """
    magic = int.from_bytes(content[:2], "little")
    by_time = content[_MAGIC : 2 * _MAGIC] == _BY_TIME
    if len(content) < _HEADER or magic < _FIRST_WITH_FLAGS or not by_time:
        return content
    # An unchecked hash is never compared, so that it need not be one.
    return content[:_MAGIC] + _UNCHECKED + bytes(8) + content[_HEADER:]
