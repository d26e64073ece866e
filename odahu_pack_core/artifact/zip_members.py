"""Members of zip files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import BinaryIO, Final

from odahu_pack_core.errors import ArtifactError

from .members import Member, may_stay, safe_path, special
from .packed_file import READABLE, PackedFile

_ENCRYPTED: Final = 0x1
_LONGEST_LINK: Final = 4096


def zip_members(stream: BinaryIO) -> Iterator[Member]:
    """Yield the members of a zip file.

    Raises:
        ArtifactError: A member is encrypted, special, or leaves the tree.
    """
    with zipfile.ZipFile(stream) as archive:
        for entry in archive.infolist():
            yield _member(archive, entry, stream)


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, stream: BinaryIO) -> Member:
    path = safe_path(entry.filename)
    mode = entry.external_attr >> 16
    if path == "." or entry.is_dir() or S_ISDIR(mode):
        return Member(path, "folder")
    if entry.flag_bits & _ENCRYPTED:
        raise ArtifactError(f"the artifact's member {path!r} is encrypted", code="encrypted")
    if S_ISLNK(mode):
        with archive.open(entry) as content:
            return Member(path, "symlink", target=content.read(_LONGEST_LINK).decode())
    if mode >> 12 and not S_ISREG(mode):
        raise special(path)
    executable = bool(mode & 0o100)
    content = archive.open(entry)  # which checks its header
    if entry.compress_type in READABLE and may_stay(path, entry.file_size):
        content.close()
        return Member(path, "file", executable=executable, stays=PackedFile.in_zip(stream, entry))
    return Member(path, "file", executable=executable, content=content)  # type: ignore[arg-type]  # IO[bytes]
