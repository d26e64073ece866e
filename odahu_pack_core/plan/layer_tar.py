"""A layer's tar stream, made without a temporary file and the same on every host.

Entries are sorted, all have one time, owners are 0:0; names that do not fit ustar are written as pax records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import BinaryIO, Final, Protocol

from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.values import dataclass

from .blocks import in_blocks
from .files import ArtifactFile, Folder, Link, PlannedFile, TextFile
from .tar_header import BLOCK, FILE, FOLDER, LINK, header_size, padded, tar_header

_CHUNK: Final = 1024 * 1024
_END: Final = b"\0" * (2 * BLOCK)
_LINK_MODE: Final = 0o777


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
        time: When all of them were last changed, in seconds since 1970; not negative.
    """

    files: Sequence[PlannedFile]
    open_artifact: Callable[[str], BinaryIO]
    time: int = 0

    @cached_property
    def size(self) -> int:
        """Bytes of the whole stream."""
        return sum(self._entry_size(file) for file in self.files) + len(_END)

    def chunks(self) -> Iterator[bytes]:
        """Yield the stream from its start, in pieces of one size.

        Raises:
            ArtifactError: A file is gone, or has another size than when the artifact was read.
        """
        return in_blocks(self._pieces(), _CHUNK)

    def _pieces(self) -> Iterator[bytes]:
        at = 0
        for file in self.files:
            header = self._header(file)
            yield header
            at += len(header)
            if isinstance(file, TextFile):
                yield file.content
            elif isinstance(file, ArtifactFile):
                yield from self._artifact_pieces(file, at)
            else:
                continue
            yield tar_padding(file.size)
            at += padded(file.size)
        yield _END

    def _entry_size(self, file: PlannedFile) -> int:
        name, time = file.path[1:], self.time
        match file:
            case Folder():
                return header_size(name, FOLDER, time=time)
            case Link(target=target):
                return header_size(name, LINK, link=target, time=time)
            case TextFile(size=size) | ArtifactFile(size=size):
                return header_size(name, FILE, size=size, time=time) + padded(size)

    def _header(self, file: PlannedFile) -> bytes:
        name, time = file.path[1:], self.time
        match file:
            case Folder(mode=mode):
                return tar_header(name, FOLDER, mode=mode, time=time)
            case Link(target=target):
                return tar_header(name, LINK, mode=_LINK_MODE, time=time, link=target)
            case TextFile(mode=mode, size=size) | ArtifactFile(mode=mode, size=size):
                return tar_header(name, FILE, size=size, mode=mode, time=time)

    def _artifact_pieces(self, file: ArtifactFile, at: int) -> Iterator[bytes]:
        left = file.size
        try:
            with self.open_artifact(file.source) as stream:
                # Read up to where a chunk ends, so that all others are passed on without being copied.
                while chunk := stream.read(_CHUNK - at % _CHUNK):
                    at += len(chunk)
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
    return tar_header(name, size=size, mode=mode)


def tar_padding(size: int) -> bytes:
    """Return what follows a regular file of this size up to the next block."""
    return b"\0" * (padded(size) - size)


def tar_end() -> bytes:
    """Return the end of a tar stream."""
    return _END
