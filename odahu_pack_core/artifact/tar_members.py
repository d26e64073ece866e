"""Members of tar streams, read once from start to end, with the checks that tarfile leaves out."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from odahu_pack_core.errors import ArtifactError

from .members import Member, may_stay, safe_path, special
from .packed_file import PackedFile
from .streams import Readable

_CHUNK: Final = 1024 * 1024
_MOST_HEADER_BYTES: Final = 4 * 1024 * 1024


def tar_members(stream: Readable, *, in_place: BinaryIO | None = None) -> Iterator[Member]:
    """Yield the members of an uncompressed tar stream, and read it to its end.

    Args:
        stream: The stream.
        in_place: The stream as a file, if it is one: what lies in it can be passed over, and read later.

    Raises:
        ArtifactError: A member is a device, a pipe, or leaves the tree, or a header is endless.
        tarfile.ReadError: The archive is corrupt or cut off.
    """
    guarded = _SeekableGuard(in_place) if in_place else _HeaderGuard(stream)
    mode = "r:" if in_place else "r|"
    with tarfile.open(fileobj=guarded, mode=mode, errorlevel=2, tarinfo=_WholeTarInfo) as archive:  # type: ignore[call-overload]  # tarfile only reads
        for entry in archive:
            # tarfile would keep every member and every global header in memory.
            archive.members, archive.pax_headers = [], {}
            with guarded.opened():
                yield _member(archive, entry, in_place)
    while stream.read(_CHUNK):
        pass  # the checksum of a compressed stream stands at its end


class _WholeTarInfo(tarfile.TarInfo):
    """A header that is whole; tarfile alone takes a broken one for the end of the archive."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> _WholeTarInfo:
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # the end as it should be; not in typeshed
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"{error} at byte {archive.offset}") from None


class _HeaderGuard:
    """A tar stream that bounds what lies between two files, which tarfile reads into memory whole.

    Args:
        stream: The uncompressed stream.
    """

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._left = _MOST_HEADER_BYTES
        self._in_content = False

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Let everything be read while the content of a file is."""
        self._in_content = True
        yield
        self._in_content, self._left = False, _MOST_HEADER_BYTES

    def read(self, size: int, /) -> bytes:
        """Read on.

        Raises:
            ArtifactError: A header is larger than any honest one.
        """
        chunk = self._stream.read(size)
        if not self._in_content:
            self._left -= len(chunk)
            if self._left < 0:
                raise ArtifactError("a header of the archive is too large", code="expands-too-far")
        return chunk


class _SeekableGuard(_HeaderGuard):
    """The same for a tar in which tarfile may pass over what it need not read.

    Args:
        file: The tar, not compressed.
    """

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.seek, self.tell = file.seek, file.tell


def _member(archive: tarfile.TarFile, entry: tarfile.TarInfo, in_place: BinaryIO | None) -> Member:
    path = safe_path(entry.name)
    if path == "." or entry.isdir():
        return Member(path, "folder")
    if entry.issym():
        return Member(path, "symlink", target=entry.linkname)
    if entry.islnk():
        return Member(path, "hardlink", target=safe_path(entry.linkname))
    if not entry.isreg():
        raise special(path)
    executable = bool(entry.mode & 0o100)
    if in_place and not entry.issparse() and may_stay(path, entry.size):
        return Member(path, "file", executable=executable, stays=PackedFile.in_tar(in_place, entry))
    content = archive.extractfile(entry)
    return Member(path, "file", executable=executable, content=content)  # type: ignore[arg-type]  # IO[bytes]
