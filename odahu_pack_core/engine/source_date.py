"""The one time that images and their files have: https://reproducible-builds.org/specs/source-date-epoch/."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from odahu_pack_core.errors import UsageError

_VARIABLE: Final = "SOURCE_DATE_EPOCH"
_LATEST: Final = 253402300799
"""The end of the year 9999."""


def source_date(environ: Mapping[str, str]) -> int:
    """Return ``SOURCE_DATE_EPOCH`` in seconds since 1970; 0 where it is not set.

    Args:
        environ: The environment variables of the run.

    Raises:
        UsageError: It is not such a number.
    """
    text = environ.get(_VARIABLE) or "0"
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_LATEST)) and int(text) <= _LATEST):
        raise UsageError(
            f"{_VARIABLE} is {text[:40]!r}, which is not a number of seconds since 1970", code="bad-date"
        )
    return int(text)
