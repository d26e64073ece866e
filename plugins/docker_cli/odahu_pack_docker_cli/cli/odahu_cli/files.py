"""The files of a batch prediction: an input read whole, a result that appears complete or not at all."""

import errno
import os
import sys
from types import TracebackType
from typing import Any, List, Optional, Type

from gppi_runtime import JsonSyntaxError, Position, read_json_tolerantly

_PLACES_SHOWN = 5


class FileError(Exception):
    """A file or folder that cannot be read or written."""


def read_document(path: str) -> Any:
    """Read a JSON file, overlooking trailing commas with a warning.

    Raises:
        FileError: the file cannot be read, or is not JSON; the message holds file, line and column.
        DocumentError: the file is JSON that cannot be meant.
    """
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except OSError as error:
        raise _file_error("cannot read", path, error) from error
    try:
        document, commas = read_json_tolerantly(raw)
    except JsonSyntaxError as error:
        raise FileError(f"{path}:{error.line}:{error.column}: {error.reason}") from error
    if commas:
        sys.stderr.write(f"warning: {_overlooked(path, commas)}\n")
    return document


def _overlooked(path: str, commas: List[Position]) -> str:
    places = ", ".join(f"{path}:{place.line}:{place.column}" for place in commas[:_PLACES_SHOWN])
    more = len(commas) - _PLACES_SHOWN
    rest = f" and {more} more" if more > 0 else ""
    return f"trailing comma overlooked at {places}{rest}"


class ResultFile:
    """A file that is written beside its place and moved there when it is complete.

    Used as a context manager; without `commit` nothing stays.

    Args:
        folder: where the file goes.
        name: the name of the file.

    Raises:
        FileError: the folder is missing or cannot be written to, or the name is not one of a file in it.
    """

    def __init__(self, folder: str, name: str) -> None:
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise FileError(f"{name!r} is not the name of a file in OUTPUT_DIR")
        self.path = os.path.join(folder, name)
        if os.path.isdir(self.path):
            raise FileError(f"{self.path} is a folder")
        self._folder = folder
        self._part = os.path.join(folder, f".odahu-{os.urandom(8).hex()}.part")
        try:
            self._descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except OSError as error:
            raise _file_error("cannot write to", folder, error) from error

    def commit(self, content: bytes) -> None:
        """Write the content and move the file to its place, over an older one.

        Raises:
            FileError: the disk is full, or the older file is not ours to replace.
        """
        try:
            with os.fdopen(self._descriptor, "wb") as file:
                self._descriptor = -1
                file.write(content)
            os.replace(self._part, self.path)
        except OSError as error:
            raise _file_error("cannot write", self.path, error) from error

    def __enter__(self) -> "ResultFile":
        """Begin."""
        return self

    def __exit__(
        self,
        _kind: Optional[Type[BaseException]],
        _error: Optional[BaseException],
        _trace: Optional[TracebackType],
    ) -> None:
        """Leave nothing unfinished behind."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        if os.path.lexists(self._part):
            os.unlink(self._part)


def _file_error(what: str, path: str, error: OSError) -> FileError:
    message = f"{what} {path}: {error.strerror}"
    if error.errno in (errno.EACCES, errno.EPERM):
        message += _whose(path)
    return FileError(message)


def _whose(path: str) -> str:
    try:
        facts = os.stat(path)
    except OSError:
        owner = ""
    else:
        owner = f"it belongs to {facts.st_uid}:{facts.st_gid} with mode {facts.st_mode & 0o7777:04o}, "
    user = f"{owner}this command runs as {os.getuid()}:{os.getgid()}"
    return (
        f'. {user[:1].upper() + user[1:]}. Start the container with --user "$(id -u):0" to run it as yourself'
    )
