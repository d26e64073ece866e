"""Members of an archive, from whatever format, and the names that are safe to unpack."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import BinaryIO, Literal

from odahu_pack_core.errors import ArtifactError


@dataclass(frozen=True)
class Member:
    """One member of an archive.

    Args:
        path: Relative path, checked to stay inside.
        kind: What it is; a hard link names an earlier file.
        executable: Whether its owner may run it.
        target: Where a link points.
        content: The bytes of a file, to be read before the next member is asked for.
    """

    path: str
    kind: Literal["file", "folder", "symlink", "hardlink"]
    executable: bool = False
    target: str = ""
    content: BinaryIO | None = None


def tar_members(stream: BinaryIO) -> Iterator[Member]:
    """Yield the members of an uncompressed tar stream.

    Raises:
        ArtifactError: A member is a device, a pipe, or leaves the tree.
    """
    with tarfile.open(fileobj=stream, mode="r|", errorlevel=2) as archive:
        for info in archive:
            member = _tar_member(archive, info)
            archive.members = []  # type: ignore[attr-defined]  # tarfile would keep every member in memory
            if member is not None:
                yield member


def zip_members(stream: BinaryIO) -> Iterator[Member]:
    """Yield the members of a zip file.

    Raises:
        ArtifactError: A member is encrypted, special, or leaves the tree.
    """
    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            path = safe_path(info.filename)
            if path == ".":
                continue
            if info.flag_bits & 0x1:
                raise ArtifactError(f"the archive's member {path!r} is encrypted", code="encrypted")
            yield _zip_member(archive, info, path)


def safe_path(name: str) -> str:
    """Return a member's name as a plain relative path.

    Raises:
        ArtifactError: The name is absolute, leaves the tree, or is not Unicode text.
    """
    shown = ascii(name[:200])
    path = PurePosixPath(name)
    if path.is_absolute() or name[1:3] in {":\\", ":/"}:
        raise ArtifactError(f"the archive's member {shown} has an absolute path", code="unsafe-path")
    if ".." in path.parts or ".." in name.split("\\"):
        raise ArtifactError(f"the archive's member {shown} leaves the artifact", code="unsafe-path")
    if "\0" in name or any("\ud800" <= character <= "\udfff" for character in name):
        raise ArtifactError(f"the archive's member {shown} is not named in Unicode", code="unsafe-path")
    return str(path)


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Member | None:
    path = safe_path(info.name)
    if path == ".":
        return None
    if info.isdir():
        return Member(path, "folder")
    if info.issym():
        return Member(path, "symlink", target=info.linkname)
    if info.islnk():
        return Member(path, "hardlink", target=safe_path(info.linkname))
    if not info.isreg():
        raise ArtifactError(f"the archive's member {path!r} is a device or pipe", code="special-file")
    content = archive.extractfile(info)
    return Member(path, "file", executable=bool(info.mode & 0o100), content=content)  # type: ignore[arg-type]  # IO[bytes]


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str) -> Member:
    mode = info.external_attr >> 16
    if info.is_dir() or S_ISDIR(mode):
        return Member(path, "folder")
    if S_ISLNK(mode):
        with archive.open(info) as stream:
            return Member(path, "symlink", target=stream.read(4096).decode())
    if mode >> 12 and not S_ISREG(mode):
        raise ArtifactError(f"the archive's member {path!r} is a device or pipe", code="special-file")
    return Member(path, "file", executable=bool(mode & 0o100), content=archive.open(info))  # type: ignore[arg-type]  # IO[bytes]
