"""Archives unpacked into a folder: zip, tar, gzip and zstd told apart by content, never trusted.

Large files of a zip, and of a tar that is not compressed, stay where they are.
"""

from __future__ import annotations

import errno
import gzip
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.plan.artifact import Packed

from .limits import Allowance
from .members import Member
from .streams import gzip_stream, zstd_stream
from .tar_members import tar_members
from .zip_members import zip_members

_CHUNK: Final = 1024 * 1024
_BROKEN: Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
    EOFError,
    struct.error,
    ValueError,
    NotImplementedError,
    RecursionError,
    NotADirectoryError,
)
_NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def unpacked(archive: Path, folder: Path, expansion: int) -> Iterator[Mapping[str, Packed]]:
    """Unpack an archive into an empty folder, and keep it open for as long as the block runs.

    Args:
        archive: The archive; its name does not matter.
        folder: Where its members go.
        expansion: How many times its size it may become, once over 256 MiB.

    Yields:
        The files that stay in the archive, by their paths; in the folder an empty file stands for each.

    Raises:
        ArtifactError: It is no archive, is corrupt, or holds what no model needs: a path that leaves the
            folder, a device, a bomb. What was written until then is left to the caller to remove.
    """
    with ExitStack() as stack:
        with _explained(archive, folder):
            stream = stack.enter_context(archive.open("rb"))
            staying = _unpack(stream, folder, expansion)
        yield staying


def _unpack(stream: BinaryIO, folder: Path, expansion: int) -> Mapping[str, Packed]:
    links: list[Member] = []
    staying: dict[str, Packed] = {}
    packed = os.fstat(stream.fileno()).st_size
    allowance = Allowance(packed, expansion)
    for member in _members(stream, Allowance(packed, expansion)):
        allowance.count_member()
        if member.kind == "symlink":
            links.append(member)
            continue
        _write(member, folder, allowance)
        # A hard link is the file that it names.
        if stays := member.stays or staying.get(member.target):
            staying[member.path] = stays
    for link in links:
        _write_link(link, folder)
    for link in links:
        check_link(folder, link.path)
    return staying


def check_link(root: Path, path: str) -> None:
    """Refuse a symbolic link that points outside its artifact.

    Raises:
        ArtifactError: It does.
    """
    link = root / path
    target = Path(os.path.realpath(link))
    if link.readlink().is_absolute() or not target.is_relative_to(os.path.realpath(root)):
        raise ArtifactError(f"the artifact's link {path!r} points outside of it", code="unsafe-link")


def _members(stream: BinaryIO, allowance: Allowance) -> Iterator[Member]:
    """Return the members of an archive; the allowance bounds what a compressed stream expands to."""
    start = stream.read(512)
    stream.seek(0)
    if start.startswith(b"PK\x03\x04"):
        return zip_members(stream)
    if start.startswith(b"\x1f\x8b"):
        return tar_members(gzip_stream(stream, allowance))
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        return tar_members(zstd_stream(stream, allowance))
    if start[257:262] == b"ustar":
        return tar_members(stream, in_place=stream)
    raise ArtifactError(
        "the artifact is no archive: neither zip nor tar, gzip or zstd",
        code="not-an-archive",
        hint="name an archive, or the folder that the model is in",
    )


def _write(member: Member, folder: Path, allowance: Allowance) -> None:
    path = folder / member.path
    if member.kind == "folder":
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if member.kind == "hardlink":
        source = folder / member.target
        if not source.is_file():
            raise tarfile.ReadError(f"the hard link {member.path!r} names no earlier file")
        os.link(source, path)
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o755 if member.executable else 0o644)
    with os.fdopen(descriptor, "wb") as target:
        _copy(member, target, allowance)


def _copy(member: Member, target: BinaryIO, allowance: Allowance) -> None:
    if member.stays:
        allowance.count_bytes(member.stays.size)
        return
    if member.content is None:
        raise tarfile.ReadError(f"the member {member.path!r} has no content")
    with member.content as content:
        while chunk := content.read(_CHUNK):
            allowance.count_bytes(len(chunk))
            target.write(chunk)


def _write_link(link: Member, folder: Path) -> None:
    path = folder / link.path
    # An earlier link on the way could lead out of the folder.
    if Path(os.path.realpath(path.parent)) != Path(os.path.realpath(folder), link.path).parent:
        raise ArtifactError(f"the archive's link {link.path!r} lies behind another link", code="unsafe-link")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(link.target)


@contextmanager
def _explained(archive: Path, folder: Path) -> Iterator[None]:
    """Turn the many faults of archive readers into one error each that says what to do."""
    try:
        yield
    except FileExistsError as error:
        name = Path(error.filename2 or error.filename).relative_to(folder)
        raise ArtifactError(f"{archive}: two members are called {str(name)!r}", code="corrupt") from None
    except _BROKEN as error:
        raise ArtifactError(f"{archive}: the archive is corrupt: {error}", code="corrupt") from None
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise ArtifactError(
                f"no space is left in {folder.parent} to unpack {archive}",
                code="no-space",
                hint="make room there, or point TMPDIR at a larger disk",
            ) from None
        raise ArtifactError(
            f"cannot unpack {archive}: {error.strerror or error}", code="unreadable"
        ) from None
