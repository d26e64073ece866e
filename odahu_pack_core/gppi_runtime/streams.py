"""Standard output kept for a program's own words while a model may print what it likes."""

import os
import sys
from typing import BinaryIO, TextIO


def take_stdout() -> BinaryIO:
    """Claim standard output for the caller; whatever others print goes to standard error from now on.

    It holds for Python's ``print`` and for libraries that write to file descriptor 1. Both streams are
    flushed at each line, so that nothing is lost when a model ends the interpreter.

    Returns:
        The real standard output.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = _by_line(1)
    sys.stderr = _by_line(2)
    return kept


def _by_line(descriptor: int) -> TextIO:
    return os.fdopen(descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
