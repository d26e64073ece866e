"""httpx is imported here for the first time, without the command line interface that it carries along."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

_COMMAND: Final = "httpx._main"


def import_httpx() -> None:
    """Import httpx, a third of whose import would be spent on rich and pygments for its own command.

    httpx does without where they are not installed; for the moment of the import it is told so. Others in
    this program find the command where they expect it, imported when it is called.
    """
    if "httpx" in sys.modules or _COMMAND in sys.modules:
        return
    sys.modules[_COMMAND] = None  # type: ignore[assignment]  # the import system's sign for "there is none"
    try:
        import httpx  # noqa: PLC0415  # not before its command is out of the way
    finally:
        sys.modules.pop(_COMMAND, None)
    httpx.main = _command  # type: ignore[assignment]  # it imports the real one, a click command, and calls it


def _command(*arguments: object, **options: object) -> object:
    return import_module(_COMMAND).main(*arguments, **options)
