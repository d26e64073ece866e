"""Half-made files and folders beside the place where they will be: locked while their run lives."""

from __future__ import annotations

import fcntl
import glob
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from odahu_pack_core.folders import remove_unless_held

_NAME: Final = re.compile(r"\..+\.[0-9a-f]{8}\.partial")


@contextmanager
def half_made(dest: Path, make: Callable[[Path], object]) -> Iterator[Path]:
    """Give a new file or folder beside a place; it vanishes with the block, unless it was moved away.

    Args:
        dest: The place.
        make: Makes the file or the folder.

    Raises:
        OSError: The folder of the place cannot be written.
    """
    unborn = dest.with_name(f".{dest.name}.{secrets.token_hex(4)}.new")
    partial = unborn.with_suffix(".partial")
    make(unborn)
    mark = os.open(unborn, os.O_RDONLY)
    try:
        # It gets the name that others sweep only now that it is locked, so nobody takes it for a leftover.
        with suppress(OSError):  # some network disks know no locks; there nothing can be swept, either
            fcntl.flock(mark, fcntl.LOCK_EX)
        unborn.rename(partial)
        yield partial
    finally:
        for path in (unborn, partial):
            _remove(path)
        os.close(mark)


def sweep_half_made(dest: Path) -> None:
    """Remove what runs that were killed left half-made of a place.

    Args:
        dest: The place.
    """
    for left in dest.parent.glob(f"{glob.escape(f'.{dest.name}.')}*"):
        with suppress(OSError):  # a living run holds it, or it is gone already
            if _NAME.fullmatch(left.name) and left.lstat().st_uid == os.geteuid():
                remove_unless_held(left)


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
