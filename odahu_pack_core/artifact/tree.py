"""The members of an artifact's folder, listed and checked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG

from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.plan.artifact import ArtifactEntry

from .archive import check_link
from .limits import Allowance
from .members import safe_path, special


def list_entries(root: Path) -> tuple[ArtifactEntry, ...]:
    """Return all members of a folder, sorted by path.

    Raises:
        ArtifactError: A member is a device, a socket, a link that leaves the folder, or cannot be read.
    """
    allowance = Allowance(packed=0)
    entries = []
    for path in _walk(root):
        allowance.count_member()
        entries.append(_entry(root, safe_path(str(path.relative_to(root)))))
    return tuple(sorted(entries, key=lambda entry: entry.path.split("/")))


def _walk(root: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise ArtifactError(f"cannot read {error.filename}: {error.strerror}", code="unreadable")

    for folder, folders, files in os.walk(root, onerror=refuse):
        yield from (Path(folder, name) for name in (*folders, *files))


def _entry(root: Path, path: str) -> ArtifactEntry:
    try:
        status = (root / path).lstat()
    except OSError as error:
        raise ArtifactError(f"cannot read {path}: {error.strerror}", code="unreadable") from None
    if S_ISDIR(status.st_mode):
        return ArtifactEntry(path, is_folder=True)
    if S_ISLNK(status.st_mode):
        check_link(root, path)
        return ArtifactEntry(path, link=str((root / path).readlink()))
    if not S_ISREG(status.st_mode):
        raise special(path)
    return ArtifactEntry(path, status.st_size, executable=bool(status.st_mode & 0o100))
