"""Folders and locks on this machine: the cache, scratch space that goes away, one run at a time."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from stat import S_ISDIR
from typing import Final

from .names import CACHE_FOLDER_VARIABLE

DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What writing fails with where there is no space, no quota, or a limit on the size of files."""

_PREFIX: Final = "odahu-pack-scratch-"
_UNBORN: Final = ".new-"
_NAME: Final = re.compile(rf"{_PREFIX}[a-z0-9_]{{8}}")
_MARK: Final = ".odahu-pack-scratch"
"""A file in each scratch folder: nothing without it is ever swept, whatever its name."""


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return where locks and layers are kept.

    Args:
        environ: The user's environment variables, of which ``ODAHU_PACK_CACHE_DIR``, ``XDG_CACHE_HOME`` and
            ``HOME`` count, in this order.
    """
    if chosen := environ.get(CACHE_FOLDER_VARIABLE):
        return Path(chosen)
    shared = Path(environ.get("XDG_CACHE_HOME", ""))
    return (shared if shared.is_absolute() else home_folder(environ) / ".cache") / "odahu-pack"


def home_folder(environ: Mapping[str, str]) -> Path:
    """Return the user's home; ``/`` for a user who has none, as containers may run as.

    Args:
        environ: The user's environment variables, of which ``HOME`` counts before the user database.
    """
    if environ.get("HOME"):
        return Path(environ["HOME"])
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


@contextlib.contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Yield a new folder for half-made things, which goes away with the block.

    What this user's runs left in the same parent when they were killed goes away, too.

    Args:
        parent: An existing folder.

    Raises:
        OSError: The parent cannot be written.
    """
    sweep(parent)
    unborn = Path(tempfile.mkdtemp(prefix=f"{_UNBORN}{_PREFIX}", dir=parent))
    mark = os.open(unborn, os.O_RDONLY | os.O_DIRECTORY)
    # It gets the name that others sweep only now that it is locked, so nobody takes it for a leftover.
    fcntl.flock(mark, fcntl.LOCK_EX)
    (unborn / _MARK).touch()
    folder = unborn.rename(parent / unborn.name.removeprefix(_UNBORN))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(mark)


@contextlib.contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Let one thread of one run at a time through.

    Args:
        path: The lock file; it and its folders are made when needed.
        waiting: Called once when somebody else is inside.

    Raises:
        OSError: The lock file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield  # closing the file releases the lock


def put(source: Path, entry: Path) -> None:
    """Make a finished file an entry of a cache, at once.

    It is not written through to the disk, which could take longer than making it: whoever reads an entry
    notices when a power cut took its content.

    Args:
        source: The file, on the same disk.
        entry: Its new path; folders are made when needed.

    Raises:
        OSError: The cache cannot be written.
    """
    source.chmod(0o644)
    entry.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(entry)
    except IsADirectoryError:  # some tool makes folders of what it is told to mount, and is not there
        shutil.rmtree(entry)
        source.replace(entry)


def sweep(parent: Path) -> None:
    """Remove this user's scratch folders that nobody holds: their runs were killed.

    Args:
        parent: Where they are; need not exist.
    """
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # gone already, or not ours to open
            if _NAME.fullmatch(folder.name) and _is_ours(folder):
                remove_unless_held(folder)


def _is_ours(folder: Path) -> bool:
    status = folder.lstat()
    return S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and (folder / _MARK).is_file()


def remove_unless_held(path: Path) -> None:
    """Remove a folder or a file, unless a run has it locked.

    Args:
        path: The folder or file; no link is followed.

    Raises:
        OSError: It is held, gone, or not to be opened.
    """
    mark = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if S_ISDIR(os.fstat(mark).st_mode):
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    finally:
        os.close(mark)
