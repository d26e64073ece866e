"""The cache on disk: finished entries appear whole, by renaming, and one run at a time makes each."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from odahu_pack_core.errors import DependencyError
from odahu_pack_core.folders import DISK_FULL, locked, scratch_folder, sweep
from odahu_pack_core.names import CACHE_FOLDER_VARIABLE
from odahu_pack_core.values import dataclass

ENVIRONMENTS: Final = "environments"
"""The kind of entry that is an environment which runs where it is."""

_LAYOUT: Final = "v1"
_SCRATCH: Final = "scratch"


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

    def folder_of(self, kind: str) -> Path:
        """Return the folder where another tool keeps what it has fetched.

        Args:
            kind: What is in it, a plural such as ``channels``.
        """
        return self.folder / _LAYOUT / kind

    @contextlib.contextmanager
    def only_one(self, entry: Path, waiting: Callable[[], None]) -> Iterator[None]:
        """Let one thread of one run at a time through for an entry.

        Args:
            entry: The entry.
            waiting: Called once when somebody else is at it.

        Raises:
            DependencyError: The cache cannot be written.
        """
        with self._told(), locked(entry.with_name(entry.name + ".lock"), waiting):
            yield

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a folder for half-made things, which goes away with the block.

        Leftovers of runs that were killed go away, too.

        Raises:
            DependencyError: The cache cannot be written.
        """
        parent = self.folder_of(_SCRATCH)
        with contextlib.ExitStack() as stack:
            with self._told():
                parent.mkdir(parents=True, exist_ok=True)
                folder = stack.enter_context(scratch_folder(parent))
            yield folder

    def folder_entry(self, entry: Path, make: Callable[[Path], Path], waiting: Callable[[], None]) -> Path:
        """Return an entry that is a folder, made if it is not there, by one run at a time and at once.

        Args:
            entry: The entry.
            make: Makes it in a scratch folder, and returns where.
            waiting: Called once when somebody else is at it.

        Raises:
            DependencyError: The cache cannot be written.
        """
        with self._told():
            if _used(entry):
                return entry
            with self.only_one(entry, waiting), self.scratch() as scratch:
                if not _used(entry):
                    make(scratch).rename(entry)
        return entry

    def forget(self, kind: str, is_old: Callable[[Path], bool]) -> None:
        """Remove folders of a kind, but for those that a program holds by a shared lock.

        Args:
            kind: The kind.
            is_old: Says of a folder whether it is to go.

        Raises:
            DependencyError: The cache cannot be written.
        """
        folder = self.folder_of(kind)
        entries = [entry for entry in folder.iterdir() if entry.is_dir()] if folder.is_dir() else []
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):  # another run was faster
                if is_old(entry):
                    self._remove_unless_held(entry)

    def _remove_unless_held(self, entry: Path) -> None:
        mark = os.open(entry, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with self.scratch() as scratch:
                entry.rename(scratch / entry.name)  # gone at once for whoever looks for it
        except BlockingIOError:
            pass
        finally:
            os.close(mark)

    def tidy(self) -> None:
        """Remove what runs left half-made that were killed."""
        sweep(self.folder_of(_SCRATCH))

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Say what is the matter when the disk is full or the folder cannot be written."""
        try:
            yield
        except OSError as error:
            if error.errno in DISK_FULL:
                raise disk_full(self.folder) from None
            if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}:
                raise DependencyError(
                    f"cannot write to the cache {self.folder}: {error.strerror}",
                    code="cache-unwritable",
                    hint=f"set {CACHE_FOLDER_VARIABLE} to a folder that can be written",
                ) from None
            raise


def _used(entry: Path) -> bool:
    """Tell whether a folder is there, and note that it was used now."""
    try:
        os.utime(entry)
    except FileNotFoundError:
        return False
    return True


def disk_full(folder: Path) -> DependencyError:
    """Return the error for a cache whose disk is full."""
    return DependencyError(
        f"no space is left for the cache {folder}",
        code="disk-full",
        hint=f"free some space, or set {CACHE_FOLDER_VARIABLE} to a folder on another disk",
    )
