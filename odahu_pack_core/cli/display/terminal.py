"""Whether stderr is a terminal that a display may redraw."""

from __future__ import annotations

import sys
from collections.abc import Mapping


def is_terminal(environ: Mapping[str, str]) -> bool:
    """Tell whether stderr understands cursor movements."""
    return sys.stderr is not None and sys.stderr.isatty() and environ.get("TERM", "dumb") != "dumb"
