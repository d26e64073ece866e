"""The cache on disk: finished entries appear whole, by renaming, and one run at a time makes each."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from odahu_pack_core.errors import DependencyError
from odahu_pack_core.names import CACHE_FOLDER_VARIABLE

_LAYOUT: Final = "v1"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return where locks and layers are kept.

    Args:
        environ: The user's environment variables, of which ``ODAHU_PACK_CACHE_DIR``, ``XDG_CACHE_HOME`` and
            ``HOME`` count, in this order.
    """
    if chosen := environ.get(CACHE_FOLDER_VARIABLE):
        return Path(chosen)
    shared = Path(environ.get("XDG_CACHE_HOME", ""))
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    return (shared if shared.is_absolute() else home / ".cache") / "odahu-pack"


@dataclass(frozen=True)
class Cache:
    """Entries in a folder, shared by threads and by runs.

    Args:
        folder: The folder; made when needed.
    """

    folder: Path

    def entry(self, kind: str, key: str, suffix: str) -> Path:
        """Return where an entry is, or would be.

        Args:
            kind: What is cached, a plural such as ``locks``.
            key: Names the entry; a digest.
            suffix: The file's suffix with its dot.
        """
        return self.folder / _LAYOUT / kind / f"{key}{suffix}"

    @contextlib.contextmanager
    def only_one(self, entry: Path, waiting: Callable[[], None]) -> Iterator[None]:
        """Let one thread of one run at a time through for an entry.

        Args:
            entry: The entry.
            waiting: Called once when somebody else is at it.

        Raises:
            DependencyError: The cache cannot be written.
        """
        with self._told(), _locked(entry.with_name(entry.name + ".lock"), waiting):
            yield

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a folder for half-made things, which goes away with the block.

        Leftovers of runs that were killed go away, too.

        Raises:
            DependencyError: The cache cannot be written.
        """
        parent = self.folder / _LAYOUT / "scratch"
        with self._told():
            with _locked(parent / ".lock", lambda: None):
                _sweep(parent)
                folder = Path(tempfile.mkdtemp(dir=parent))
                mark = _hold(folder)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(mark)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Say what is the matter when the disk is full or the folder cannot be written."""
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise disk_full(self.folder) from None
            if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}:
                raise DependencyError(
                    f"cannot write to the cache {self.folder}: {error.strerror}",
                    code="cache-unwritable",
                    hint=f"set {CACHE_FOLDER_VARIABLE} to a folder that can be written",
                ) from None
            raise


def disk_full(folder: Path) -> DependencyError:
    """Return the error for a cache whose disk is full."""
    return DependencyError(
        f"no space is left for the cache {folder}",
        code="disk-full",
        hint=f"free some space, or set {CACHE_FOLDER_VARIABLE} to a folder on another disk",
    )


def put(source: Path, entry: Path) -> None:
    """Make a finished file an entry, at once and for good."""
    with source.open("rb") as stream:
        os.fsync(stream.fileno())
    source.chmod(0o644)
    entry.parent.mkdir(parents=True, exist_ok=True)
    source.replace(entry)


@contextlib.contextmanager
def _locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield  # closing the file releases the lock


def _hold(folder: Path) -> int:
    """Mark a scratch folder as in use for as long as the returned descriptor is open."""
    mark = os.open(folder, os.O_RDONLY)
    fcntl.flock(mark, fcntl.LOCK_EX)
    return mark


def _sweep(parent: Path) -> None:
    """Remove scratch folders that nobody holds: their runs were killed."""
    for folder in parent.iterdir():
        if not folder.is_dir():
            continue
        mark = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(mark)
