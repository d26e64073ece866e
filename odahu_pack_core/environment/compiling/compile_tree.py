"""Writes byte code of a folder of packages, with paths as in the image; runs in Python 3.6 and newer.

Arguments: the folder, its path in the image, and how many processes may work. It prints how many sources
there are, and then how many more are done, line by line. The bytes are a function of the sources and of this
Python alone: sources are taken in order, so many at a time, each lot in a process that has compiled nothing
before.
"""

import importlib.util
import marshal
import os
import sys
from typing import Dict, List, Tuple

Lot = List[str]
"""Relative paths of sources."""

LEFT_OUT = ("test", "tests", "__pycache__")
LOT_SIZE = 64
UNCHECKED = b"\1\0\0\0"
NO_CODE = (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError)


def main(folder: str, place: str, processes: int) -> int:
    """Compile what is in a folder, and return the exit code."""
    os.chdir(folder)
    sources = sorted(source_files())
    tell(len(sources))
    lots = [sources[start : start + LOT_SIZE] for start in range(0, len(sources), LOT_SIZE)]
    failed, crashed = compile_lots(lots, place, processes)
    # What makes the compiler itself crash is found alone, and stays without byte code.
    alone = [[source] for lot in crashed for source in lot]
    failed_alone, _ = compile_lots(alone, place, processes)
    return 1 if failed or failed_alone else 0


def source_files() -> Lot:
    """Return the relative paths of what is to be compiled."""
    found: Lot = []
    for folder, folders, names in os.walk("."):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        inside = folder[2:] + "/" if folder != "." else ""
        found += [inside + name for name in names if name.endswith(".py")]
    return found


def compile_lots(lots: List[Lot], place: str, processes: int) -> Tuple[List[Lot], List[Lot]]:
    """Compile each lot in a process of its own; return the lots that failed and those that crashed."""
    running: Dict[int, int] = {}
    ended: Dict[int, int] = {}
    for number, lot in enumerate(lots):
        if len(running) == processes:
            collect(running, ended)
        child = os.fork()
        if child == 0:
            compile_and_exit(lot, place)
        running[child] = number
    while running:
        collect(running, ended)
    failed = [lot for number, lot in enumerate(lots) if os.WIFEXITED(ended[number]) and ended[number]]
    return failed, [lot for number, lot in enumerate(lots) if os.WIFSIGNALED(ended[number])]


def collect(running: Dict[int, int], ended: Dict[int, int]) -> None:
    """Wait for one process to end."""
    child, status = os.wait()
    ended[running.pop(child)] = status


def compile_and_exit(lot: Lot, place: str) -> None:
    """Compile a lot and end this process."""
    code = 1
    try:
        for source in lot:
            compile_file(source, place + "/" + source)
        tell(len(lot))
        code = 0
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")
        sys.stderr.flush()
    finally:
        os._exit(code)


def tell(number: int) -> None:
    """Print a number, in one piece."""
    os.write(1, b"%d\n" % number)


def compile_file(source: str, path: str) -> None:
    """Write the byte code of a file, unless it is no Python of this version."""
    with open(source, "rb") as stream:
        content = stream.read()
    try:
        code = marshal.dumps(compile(content, path, "exec", dont_inherit=True, optimize=0))
    except NO_CODE:
        return
    target = importlib.util.cache_from_source(source, optimization="")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    # What is there may be one file with the wheel in the installer's cache.
    if os.path.lexists(target):
        os.unlink(target)
    with open(target, "xb") as stream:
        stream.write(header(content) + code)


def header(content: bytes) -> bytes:
    """Return how a byte-code file begins: https://peps.python.org/pep-0552/."""
    source_hash = getattr(importlib.util, "source_hash", None)
    if source_hash is not None:
        return importlib.util.MAGIC_NUMBER + UNCHECKED + bytes(source_hash(content))
    # Python 3.6 knows times only, and an image's files are of 1970.
    return importlib.util.MAGIC_NUMBER + bytes(4) + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
