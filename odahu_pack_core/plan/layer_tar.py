"""A layer's tar stream, made without a temporary file and the same on every host.

Entries are sorted, times are zero, owners are 0:0; names that do not fit ustar are written as pax records.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO, Final, Protocol

from odahu_pack_core.errors import ArtifactError

from .files import ArtifactFile, Folder, Link, PlannedFile, TextFile

_CHUNK: Final = 1024 * 1024
_END: Final = b"\0" * (2 * tarfile.BLOCKSIZE)


class TarSource(Protocol):
    """A tar stream that can be read any number of times."""

    @property
    def size(self) -> int:
        """Bytes of the whole stream."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Yield the stream from its start."""
        ...


@dataclass(frozen=True)
class PlannedTar:
    """The tar stream of planned files.

    Args:
        files: The files in layer order.
        open_artifact: Opens a file of the artifact by its relative path.
    """

    files: Sequence[PlannedFile]
    open_artifact: Callable[[str], BinaryIO]

    @cached_property
    def size(self) -> int:
        """Bytes of the whole stream."""
        entries = (len(_header(file)) + _padded(_size(file)) for file in self.files)
        return sum(entries) + len(_END)

    def chunks(self) -> Iterator[bytes]:
        """Yield the stream from its start.

        Raises:
            ArtifactError: A file is gone, or has another size than when the artifact was read.
        """
        for file in self.files:
            yield _header(file)
            if isinstance(file, TextFile):
                yield file.content
            elif isinstance(file, ArtifactFile):
                yield from self._artifact_chunks(file)
            yield b"\0" * (_padded(_size(file)) - _size(file))
        yield _END

    def _artifact_chunks(self, file: ArtifactFile) -> Iterator[bytes]:
        left = file.size
        try:
            with self.open_artifact(file.source) as stream:
                while chunk := stream.read(_CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        break
                    yield chunk
        except OSError as error:
            raise ArtifactError(
                f"cannot read {file.source} from the artifact: {error.strerror}", code="unreadable"
            ) from None
        if left:
            raise ArtifactError(f"{file.source} changed while it was packaged", code="changed")


def tar_entry(name: str, size: int, mode: int = 0o644) -> bytes:
    """Return the header of a regular file, for a stream that the caller completes and pads."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, mode
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def tar_padding(size: int) -> bytes:
    """Return what follows a regular file of this size up to the next block."""
    return b"\0" * (_padded(size) - size)


def tar_end() -> bytes:
    """Return the end of a tar stream."""
    return _END


def _header(file: PlannedFile) -> bytes:
    info = tarfile.TarInfo(file.path.removeprefix("/"))
    match file:
        case Folder(mode=mode):
            info.type, info.mode = tarfile.DIRTYPE, mode
        case Link(target=target):
            info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
        case TextFile(mode=mode) | ArtifactFile(mode=mode):
            info.size, info.mode = file.size, mode
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _size(file: PlannedFile) -> int:
    return file.size if isinstance(file, TextFile | ArtifactFile) else 0


def _padded(size: int) -> int:
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
