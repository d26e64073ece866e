"""The cache on disk: finished entries appear whole, by renaming, and one run at a time makes each."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from odahu_pack_core.errors import DependencyError
from odahu_pack_core.folders import DISK_FULL, locked, scratch_folder, sweep
from odahu_pack_core.names import CACHE_FOLDER_VARIABLE
from odahu_pack_core.values import dataclass

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


def disk_full(folder: Path) -> DependencyError:
    """Return the error for a cache whose disk is full."""
    return DependencyError(
        f"no space is left for the cache {folder}",
        code="disk-full",
        hint=f"free some space, or set {CACHE_FOLDER_VARIABLE} to a folder on another disk",
    )
