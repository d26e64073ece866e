"""Model files opened so that one can jump in them, also where they lie compressed in an archive."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

from odahu_pack_triton.repository import ModelFolder
from odahu_pack_triton.repository.links import target_of

from .faults import ModelFileError

if TYPE_CHECKING:
    from typing_extensions import Buffer

_CHUNK: Final = 1024 * 1024
_MOST_RETURNS: Final = 64
"""How often a compressed file is read anew from its start; each time costs as much as reading all of it."""


@contextmanager
def opened(folder: ModelFolder, path: str) -> Iterator[BinaryIO]:
    """Open a file of a model's folder so that one can jump in it.

    Args:
        folder: The model's folder.
        path: The file's path in it.

    Raises:
        ModelFileError: It cannot be opened, or not be read on.
    """
    try:
        stream = folder.open(path)
        with stream if stream.seekable() else _rewinding(folder, path, stream) as seekable:
            yield seekable
    except OSError as error:
        raise ModelFileError(f"cannot be read: {error.strerror or error}", path) from None


def size_of(stream: BinaryIO) -> int:
    """Return how many bytes a file has."""
    return stream.seek(0, io.SEEK_END)


def _rewinding(folder: ModelFolder, path: str, stream: BinaryIO) -> BinaryIO:
    entry = folder.entries[path]
    if entry.link:
        target = target_of(entry, folder.artifact)
        entry = next(member for member in folder.artifact.entries if member.path == target)
    return io.BufferedReader(_Rewinding(lambda: folder.open(path), stream, entry.size))


class _Rewinding(io.RawIOBase):
    """A file that can be read forwards only, opened anew to go back."""

    def __init__(self, open_anew: Callable[[], BinaryIO], stream: BinaryIO, size: int) -> None:
        super().__init__()
        self._open, self._stream, self._size = open_anew, stream, size
        self._at = self._wanted = self._returns = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._wanted, io.SEEK_END: self._size}[whence]
        self._wanted = max(start + offset, 0)
        return self._wanted

    def tell(self) -> int:
        return self._wanted

    def readinto(self, buffer: Buffer, /) -> int:
        self._go()
        view = memoryview(buffer).cast("B")
        read = self._stream.read(len(view))
        view[: len(read)] = read
        self._at += len(read)
        self._wanted = self._at
        return len(read)

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _go(self) -> None:
        if self._wanted < self._at:
            self._return()
        while self._at < self._wanted:
            read = len(self._stream.read(min(_CHUNK, self._wanted - self._at)))
            if not read:
                return
            self._at += read

    def _return(self) -> None:
        self._returns += 1
        if self._returns > _MOST_RETURNS:
            raise OSError("its parts lie in no order; unpack the archive first")
        self._stream.close()
        self._stream, self._at = self._open(), 0
