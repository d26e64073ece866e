"""Result files, which appear complete or not at all, and what dead runs left of theirs."""

import contextlib
import errno
import fcntl
import os
import re
import time
import zlib
from typing import BinaryIO, Iterable, Optional

from .faults import OutputError, UsageError, explain
from .interpreter import connect_to_nothing

_PART = re.compile(r"\.odahu-([0-9a-f]{8})-[0-9a-f]{16}\.part")
_BUFFER = 1 << 20
# Locks may be unknown to other machines that write into the same folder, so what is not of our results is
# only taken for left behind when nobody has written to it for so long.
_FORGOTTEN_AFTER = 24 * 3600.0


class ResultFile:
    """A file that is written beside its place and moved there when it is complete.

    Whoever opens it calls `discard` in the end: after `commit` that does nothing.

    Args:
        path: where the file appears, as the user wrote it.
        start: the folder that a relative path begins in, for a model may work in another.
    """

    def __init__(self, path: str, start: str = "") -> None:
        self.path = path
        self._place = os.path.join(start, path)
        self._folder = os.path.dirname(self._place) or os.curdir
        self._part = os.path.join(self._folder, f".odahu-{_key(path)}-{os.urandom(8).hex()}.part")
        self._file: Optional[BinaryIO] = None

    def open(self) -> BinaryIO:
        """Create the file beside its place, and the folders that are missing above it.

        Raises:
            OutputError: the folder cannot be written to.
        """
        if os.path.isdir(self._place):
            raise OutputError(f"{self.path} is a folder")
        try:
            os.makedirs(self._folder, exist_ok=True)
            self._file = self._created()
        except OSError as error:
            folder = os.path.dirname(self.path) or os.curdir
            raise OutputError(explain("cannot write to", folder, error)) from error
        return self._file

    def commit(self) -> None:
        """Move the file to its place, over an older one, when all of it is on the disk.

        Raises:
            OutputError: the disk is full, or the older file is not ours to replace.
        """
        file, self._file = self._file, None
        assert file is not None  # noqa: S101  # only what was opened is committed
        try:
            with file:
                file.flush()
                os.fsync(file.fileno())
                os.replace(self._part, self._place)
        except OSError as error:
            raise OutputError(explain("cannot write", self.path, error)) from error
        _sync_folder(self._folder)

    def discard(self) -> None:
        """Leave nothing unfinished behind; what is still written to the file goes nowhere."""
        if self._file is not None:
            # Closed, or on a full disk, it would make those complain who write an end when they are dropped.
            connect_to_nothing(self._file.fileno())
        with contextlib.suppress(OSError):
            os.unlink(self._part)

    def _created(self) -> BinaryIO:
        while True:
            descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            file = os.fdopen(descriptor, "wb", _BUFFER)
            _lock(descriptor)
            if os.fstat(descriptor).st_nlink:
                return file
            file.close()  # another run took it for forgotten before it was locked


class StandardOutput:
    """Standard output in the place of a result file: what is written to it is gone at once.

    Args:
        out: the real standard output.
    """

    path = "-"

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def open(self) -> BinaryIO:
        """Return the stream."""
        return self._out

    def commit(self) -> None:
        """Send what is buffered."""
        self._out.flush()

    def discard(self) -> None:
        """Do nothing: there is no way back."""


def check_folder(folder: str) -> None:
    """Make sure that results can be written, before a model is loaded for nothing.

    Raises:
        OutputError: the folder is missing, or cannot be written to.
    """
    if not os.path.isdir(folder):
        there = os.path.exists(folder)
        reason = os.strerror(errno.ENOTDIR if there else errno.ENOENT)
        mend = "" if there else ". OUTPUT_DIR must be a folder that is there already"
        raise OutputError(f"cannot write to {folder}: {reason}{mend}")
    probe = ResultFile(os.path.join(folder, ".odahu-probe"))
    try:
        probe.open()
        probe.discard()
    except BaseException:  # among them a signal in between, and there is no second one
        probe.discard()
        raise


def check_name(name: str) -> None:
    """Refuse a name of a result that is not one of a file in OUTPUT_DIR.

    Raises:
        UsageError: with the name.
    """
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise UsageError(f"{name!r} is not the name of a file in OUTPUT_DIR")


def sweep(folder: str, results: Iterable[str]) -> None:
    """Remove the unfinished files of runs that were killed.

    A live run holds a lock on each of its own. Where a file system knows no locks nothing is removed.

    Args:
        folder: where results are written.
        results: the paths of the results in it that this run writes.
    """
    keys = {_key(path) for path in results}
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _PART.fullmatch(entry.name)
            if match is not None and entry.is_file(follow_symlinks=False):
                forgotten = time.time() - entry.stat(follow_symlinks=False).st_mtime > _FORGOTTEN_AFTER
                if forgotten or match.group(1) in keys:
                    _remove_unless_locked(entry.path)


def _remove_unless_locked(path: str) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # not every network file system has locks
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _key(path: str) -> str:
    return f"{zlib.crc32(os.fsencode(os.path.basename(path))):08x}"


def _sync_folder(folder: str) -> None:
    with contextlib.suppress(OSError):  # not every file system knows how
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
