"""Byte code for installed packages, so that an image starts fast though nothing in it can be written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from odahu_pack_core.command import Command, Runner, Stream
from odahu_pack_core.errors import DependencyError

from .compiler import Compiler
from .failures import explanation

_SCRIPT: Final = Path(__file__).parent / "compiling" / "compile_tree.py"


def compile_packages(
    folder: Path,
    place: str,
    compiler: Compiler,
    runner: Runner,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Write the byte code of packages beside them, for any CPython of the compiler's X.Y.

    It is never compared with its source, which cannot change in an image. What does not compile, and what is
    in folders named ``test`` and ``tests``, stays without. No RECORD lists it: whoever removes a package
    removes what is made of its files, too.

    Args:
        folder: Where the packages are.
        place: Where they will be in the image.
        compiler: Compiles.
        runner: Starts it.
        progress: Told on this thread how many of how many sources are done; may raise to break it off.

    Raises:
        DependencyError: The byte code cannot be written.
    """
    processes = str(len(os.sched_getaffinity(0)))
    # -I would have the hash seed ignored, by which older Pythons order the members of a set.
    isolated = ("-s", "-S", "-B", "-W", "ignore")
    command = Command(
        (compiler.path, *isolated, str(_SCRIPT), str(folder), place, processes),
        {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
        cwd=folder,
    )
    outcome = runner(command, _Counting(progress))
    if outcome.exit_code:
        told = "\n".join(explanation(outcome.stderr)) or f"it ended with exit code {outcome.exit_code}"
        full = os.strerror(errno.ENOSPC) in told
        code = "disk-full" if full else "byte-code"
        raise DependencyError(f"the byte code of packages cannot be made: {told}", code=code)


class _Counting:
    """Understands what the script prints."""

    def __init__(self, progress: Callable[[int, int], None]) -> None:
        self._progress = progress
        self._numbers: list[int] = []

    def __call__(self, stream: Stream, line: str) -> None:
        if stream == "stdout" and line.isdecimal():
            self._numbers.append(int(line))
            total, *done = self._numbers
            self._progress(min(sum(done), total), total)
