"""Files of an OCI image layout or a Docker archive: in a folder, or in a tar read where they are in it."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from stat import S_ISREG
from typing import Final, Protocol

from odahu_pack_core.blob.descriptor import Blob, Descriptor
from odahu_pack_core.blob.files import FileBlob
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.values import dataclass

from .unpacking import COMPRESSED

_CHUNK: Final = 1024 * 1024
_MOST_MEMBERS: Final = 20_000


class ArchiveFiles(Protocol):
    """The files of a layout or an archive."""

    def read(self, name: str, most: int) -> bytes | None:
        """Return a file's content; None where there is no such file, or one that is too large."""
        ...

    def blob(self, name: str, descriptor: Descriptor) -> Blob | None:
        """Return a file as a blob; None where there is no such file of that size."""
        ...


@dataclass(frozen=True)
class FolderFiles:
    """The files below a folder."""

    folder: Path

    def read(self, name: str, most: int) -> bytes | None:
        """Return a file's content; None where there is no such file, or one that is too large."""
        size = self._size(name)
        return (self.folder / name).read_bytes() if size is not None and size <= most else None

    def blob(self, name: str, descriptor: Descriptor) -> Blob | None:
        """Return a file as a blob; None where there is no such file of that size."""
        return FileBlob(self.folder / name, descriptor) if self._size(name) == descriptor.size else None

    def _size(self, name: str) -> int | None:
        try:
            status = (self.folder / name).stat()
        except OSError:
            return None
        return status.st_size if S_ISREG(status.st_mode) else None


@dataclass(frozen=True)
class TarFiles:
    """The files in a tar that is not compressed.

    Args:
        path: The tar.
        places: Where each file begins, and its size.
    """

    path: Path
    places: Mapping[str, tuple[int, int]]

    @classmethod
    def of(cls, path: Path) -> TarFiles:
        """Look through a tar.

        Raises:
            RegistryError: It is none, or has too many members.
        """
        places: dict[str, tuple[int, int]] = {}
        try:
            with tarfile.open(path, "r:") as archive:
                while (member := archive.next()) is not None:
                    if member.isreg():
                        places[member.name.removeprefix("./")] = (member.offset_data, member.size)
                    if len(archive.members) > _MOST_MEMBERS:  # type: ignore[attr-defined]  # documented, but typeshed lacks it
                        raise RegistryError(f"{path} has too many members for an image", code="base-unusable")
        except (tarfile.TarError, OSError):
            raise RegistryError(f"{path} is no tar that can be read", code="base-unusable") from None
        return cls(path, places)

    def read(self, name: str, most: int) -> bytes | None:
        """Return a file's content; None where there is no such file, or one that is too large."""
        start, size = self.places.get(name, (0, most + 1))
        return b"".join(_part(self.path, start, size)) if size <= most else None

    def blob(self, name: str, descriptor: Descriptor) -> Blob | None:
        """Return a file as a blob; None where there is no such file of that size."""
        start, size = self.places.get(name, (0, -1))
        return TarBlob(self.path, start, descriptor) if size == descriptor.size else None


@dataclass(frozen=True)
class TarBlob:
    """Content in a part of a file.

    Args:
        path: The file.
        offset: Where it begins.
        descriptor: What it is.
    """

    path: Path
    offset: int
    descriptor: Descriptor

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """Yield the content from a byte on.

        Raises:
            RegistryError: The file is gone, or shorter than it was.
        """
        return _part(self.path, self.offset + start, self.descriptor.size - start)


@dataclass(frozen=True)
class CheckedBlob:
    """A blob whose digest is checked when it is read from its start.

    Args:
        blob: The content.
    """

    blob: Blob

    @property
    def descriptor(self) -> Descriptor:
        """What it is."""
        return self.blob.descriptor

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """Yield the content from a byte on.

        Raises:
            RegistryError: It is not what its digest says.
        """
        digest = hashlib.sha256()
        for chunk in self.blob.chunks(start):
            digest.update(chunk)
            yield chunk
        if start == 0 and f"sha256:{digest.hexdigest()}" != self.descriptor.digest:
            raise RegistryError(f"the layer {self.descriptor.digest} is damaged", code="base-damaged")


def _part(path: Path, start: int, size: int) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            stream.seek(start)
            while size and (chunk := stream.read(min(size, _CHUNK))):
                size -= len(chunk)
                yield chunk
    except OSError as error:
        raise RegistryError(f"cannot read {path}: {error.strerror}", code="base-missing") from None
    if size:
        raise RegistryError(f"{path} is shorter than it was", code="base-damaged")


def is_compressed(path: Path) -> bool:
    """Tell whether an archive is compressed as a whole."""
    try:
        with path.open("rb") as stream:
            return stream.read(max(map(len, COMPRESSED))).startswith(COMPRESSED)
    except OSError as error:
        raise RegistryError(f"cannot read {path}: {error.strerror}", code="base-missing") from None
