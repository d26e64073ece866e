"""Numbers of bytes in words."""

from __future__ import annotations

from typing import Final

_STEP: Final = 1000
_UNITS: Final = ("kB", "MB", "GB")
_LARGEST: Final = "TB"


def size_text(size: int) -> str:
    """Return a number of bytes in words, such as ``1.4 MB``."""
    if size < _STEP:
        return f"{size} B"
    amount = size / _STEP
    for unit in _UNITS:
        if amount < _STEP:
            return f"{amount:.1f} {unit}"
        amount /= _STEP
    return f"{amount:.1f} {_LARGEST}"
