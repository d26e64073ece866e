"""Files read where they lie in an archive, without being unpacked, and checked as they are read."""

from __future__ import annotations

import io
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, Final

from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.values import dataclass

if TYPE_CHECKING:
    from typing_extensions import Buffer

READABLE: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The compressions of zip files that can be read here."""

_LOCAL_HEADER: Final = struct.Struct("<26xHH")
"""Ends with the lengths of the name and of the extra field, behind which the content begins."""

_PACKED_CHUNK: Final = 256 * 1024
_BUFFER: Final = 256 * 1024
_RAW_DEFLATE: Final = -15


@dataclass(frozen=True)
class PackedFile:
    """Where a file lies in its archive, and what the archive says of it.

    Args:
        archive: The archive, open; it is never moved in, so that many readers can share it.
        name: The file's name, for errors.
        start: Where its content begins.
        packed: Bytes of the content as it lies there.
        size: Bytes of the content as it was.
        crc: CRC-32 of that; None where the archive has no checksum of it.
        is_deflated: Whether the content is compressed.
    """

    archive: BinaryIO
    name: str
    start: int
    packed: int
    size: int
    crc: int | None = None
    is_deflated: bool = False

    @classmethod
    def in_tar(cls, archive: BinaryIO, entry: tarfile.TarInfo) -> PackedFile:
        """Return the place of a file in a tar that is not compressed."""
        return cls(archive, entry.name, entry.offset_data, entry.size, entry.size)

    @classmethod
    def in_zip(cls, archive: BinaryIO, entry: zipfile.ZipInfo) -> PackedFile:
        """Return the place of a member whose header was checked by `zipfile.ZipFile.open`."""
        header = os.pread(archive.fileno(), _LOCAL_HEADER.size, entry.header_offset)
        start = entry.header_offset + len(header) + sum(_LOCAL_HEADER.unpack(header))
        is_deflated = entry.compress_type == zipfile.ZIP_DEFLATED
        if not is_deflated and entry.compress_size != entry.file_size:
            raise zipfile.BadZipFile(f"{entry.filename!r} is stored in another size than its own")
        return cls(
            archive, entry.filename, start, entry.compress_size, entry.file_size, entry.CRC, is_deflated
        )

    def open(self) -> BinaryIO:
        """Open the file for reading.

        Reading it to its end raises `ArtifactError` where size or checksum are not those that were announced.
        """
        return io.BufferedReader(_Reader(self), _BUFFER)

    def corrupt(self, reason: str) -> ArtifactError:
        """Return the refusal of the file."""
        return ArtifactError(f"the archive is corrupt: its member {self.name!r} {reason}", code="corrupt")


class _Reader(io.RawIOBase):
    """Reads a file from its start, and hands out its last bytes only when all of them were right."""

    def __init__(self, member: PackedFile) -> None:
        self._member = member
        self._left = member.size
        self._sum = 0
        self._summed = _crc32() if member.crc is not None else _no_sum
        self._content = _Inflated(member) if member.is_deflated else _Stored(member)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)[: self._left]
        if not view:
            return 0
        count = self._content.readinto(view)
        self._left -= count
        self._sum = self._summed(view[:count], self._sum)
        if not count:
            raise self._member.corrupt("is shorter than it says")
        if not self._left:
            self._check_end()
        return count

    def _check_end(self) -> None:
        if self._content.readinto(memoryview(bytearray(1))):
            raise self._member.corrupt("is longer than it says")
        if self._member.crc not in {None, self._sum}:
            raise self._member.corrupt("has another checksum than it says")


def _crc32() -> Callable[[Buffer, int], int]:
    from isal import isal_zlib  # noqa: PLC0415  # only for archives with large files

    return isal_zlib.crc32


def _no_sum(_: Buffer, __: int) -> int:
    return 0


class _Stored:
    """Content that is not compressed."""

    def __init__(self, member: PackedFile) -> None:
        self._archive = member.archive
        self._at, self._end = member.start, member.start + member.packed

    def readinto(self, view: memoryview) -> int:
        view = view[: self._end - self._at]
        # The number is asked for each time: once the archive is closed, it may be that of another file.
        count = os.preadv(self._archive.fileno(), [view], self._at)
        self._at += count
        return count


class _Inflated:
    """Content that is compressed."""

    def __init__(self, member: PackedFile) -> None:
        from isal import isal_zlib  # noqa: PLC0415  # as above

        self._member = member
        self._packed = _Stored(member)
        self._chunk = memoryview(bytearray(_PACKED_CHUNK))
        self._decompressor = isal_zlib.decompressobj(_RAW_DEFLATE)
        self._fault: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub means an instance

    def readinto(self, view: memoryview) -> int:
        while not self._decompressor.eof:
            packed = self._decompressor.unconsumed_tail or self._next_packed()
            try:
                piece = self._decompressor.decompress(packed, len(view))
            except self._fault as error:
                raise self._member.corrupt(f"cannot be decompressed: {error}") from None
            if piece:
                view[: len(piece)] = piece
                return len(piece)
            if not packed:
                break
        return 0

    def _next_packed(self) -> memoryview:
        return self._chunk[: self._packed.readinto(self._chunk)]
