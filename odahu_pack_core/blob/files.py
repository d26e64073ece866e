"""Blobs in files, and how they are written."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from odahu_pack_core.errors import EngineError
from odahu_pack_core.folders import DISK_FULL
from odahu_pack_core.values import dataclass

from .descriptor import Descriptor

_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True)
class FileBlob:
    """Content in a file.

    Args:
        path: The file.
        descriptor: What it is.
    """

    path: Path
    descriptor: Descriptor

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """Yield the content from a byte on.

        Raises:
            EngineError: The file is gone, or has another size.
        """
        left = self.descriptor.size - start
        try:
            with self.path.open("rb", buffering=0) as stream:
                stream.seek(start)
                while chunk := stream.read(_CHUNK):
                    left -= len(chunk)
                    yield chunk
        except OSError as error:
            raise _lost(self.path, str(error.strerror)) from None
        if left:
            raise _lost(self.path, "its size has changed")


class BlobDraft:
    """A blob that is being written.

    Args:
        stream: The file, without a buffer: a full disk is met while writing, never while closing.
        path: Its path.
    """

    def __init__(self, stream: io.FileIO, path: Path) -> None:
        self._stream = stream
        self._path = path
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, content: bytes) -> None:
        """Write on.

        Raises:
            EngineError: The disk is full, or cannot be written.
        """
        rest = memoryview(content)
        with _told(self._path):
            while rest:
                rest = rest[self._stream.write(rest) :]
        self._digest.update(content)
        self._size += len(content)

    def finished(self, media_type: str) -> FileBlob:
        """Return the blob, once all is written.

        Args:
            media_type: What it is.
        """
        descriptor = Descriptor(media_type, f"sha256:{self._digest.hexdigest()}", self._size)
        return FileBlob(self._path, descriptor)


@contextlib.contextmanager
def drafting(path: Path) -> Iterator[BlobDraft]:
    """Yield a draft in a new file, which goes away when the block fails.

    Raises:
        EngineError: The disk is full, or cannot be written.
    """
    with _told(path):
        stream = path.open("wb", buffering=0)
    try:
        with stream:
            yield BlobDraft(stream, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise EngineError(
                f"no space is left for a layer in {path.parent}",
                code="disk-full",
                hint="free some space, or use a folder on another disk",
            ) from None
        raise EngineError(f"cannot write {path}: {error.strerror}", code="layer-unwritable") from None


def _lost(path: Path, reason: str) -> EngineError:
    return EngineError(f"cannot read the layer {path}: {reason}", code="layer-lost", hint="run again")
