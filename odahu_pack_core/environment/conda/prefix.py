"""Puts an environment's prefix in place of the placeholder that conda packages are built with."""

from __future__ import annotations

import mmap

_NUL = b"\0"


def replace_in_text(content: bytes, placeholder: bytes, prefix: bytes) -> bytes:
    """Return a text with another prefix.

    Args:
        content: The text.
        placeholder: The prefix that it was built for.
        prefix: The prefix in the image.
    """
    return content.replace(placeholder, prefix)


def replace_in_binary(content: bytearray | mmap.mmap, placeholder: bytes, prefix: bytes) -> None:
    """Put another prefix into a file whose size must stay.

    Each string that holds the placeholder gets shorter, and is filled up with NUL bytes at its end.

    Args:
        content: The file; changed in place.
        placeholder: The prefix that it was built for.
        prefix: The prefix in the image, no longer than the placeholder.

    Raises:
        ValueError: The prefix is longer than the placeholder.
    """
    if len(prefix) > len(placeholder):
        raise ValueError("the prefix is longer than the placeholder")
    at = 0
    while (at := content.find(placeholder, at)) >= 0:
        end = content.find(_NUL, at)
        end = len(content) if end < 0 else end
        changed = bytes(content[at:end]).replace(placeholder, prefix)
        content[at:end] = changed.ljust(end - at, _NUL)
        at = end
