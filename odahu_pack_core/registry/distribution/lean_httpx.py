"""httpx is imported here for the first time, without the command line interface that it carries along."""

from __future__ import annotations

import sys
from typing import Final

_COMMAND: Final = "httpx._main"


def import_httpx() -> None:
    """Import httpx, a third of whose import would be spent on rich and pygments for its own command.

    httpx does without where they are not installed; for the moment of the import it is told so.
    """
    if "httpx" in sys.modules or _COMMAND in sys.modules:
        return
    sys.modules[_COMMAND] = None  # type: ignore[assignment]  # the import system's sign for "there is none"
    try:
        import httpx  # noqa: F401, PLC0415  # the import is the purpose
    finally:
        sys.modules.pop(_COMMAND, None)
