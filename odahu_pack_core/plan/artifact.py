"""A model artifact as packagers see it: its kind, its manifest and the list of its files."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Final, Protocol

from pydantic import BaseModel

from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.values import dataclass

from .files import FILE_MODE, PROGRAM_MODE, ArtifactFile, Folder, Link, PlannedFile

_MOST_TEXT_BYTES: Final = 8 * 1024 * 1024


class Packed(Protocol):
    """A file that can be read in its archive, as often as one likes and from several threads."""

    @property
    def size(self) -> int:
        """Bytes that it says it has; reading raises `ArtifactError` where it has more or fewer."""
        ...

    def open(self) -> BinaryIO:
        """Open it for reading."""
        ...


@dataclass(frozen=True)
class ArtifactEntry:
    """One member of an artifact.

    Args:
        path: Relative path with ``/``.
        size: Bytes; 0 for folders and links.
        executable: Whether its owner may run it.
        link: Where a symbolic link points, relative and inside the artifact; empty for others.
        is_folder: Whether it is a folder.
        packed: The file where it stayed in its archive; None for what is on the disk.
    """

    path: str
    size: int = 0
    executable: bool = False
    link: str = ""
    is_folder: bool = False
    packed: Packed | None = field(default=None, repr=False, compare=False)

    def planned(self, path: str) -> PlannedFile:
        """Return the member as a file of the image.

        Args:
            path: Absolute path in the image.
        """
        if self.is_folder:
            return Folder(path)
        if self.link:
            return Link(path, self.link)
        return ArtifactFile(path, self.path, self.size, PROGRAM_MODE if self.executable else FILE_MODE)


@dataclass(frozen=True)
class ModelArtifact:
    """A trained model, on the disk but for large files that stay in their archive; `open` reads both.

    Args:
        kind: Name of the reader that knew it, such as ``gppi``.
        root: The folder that holds it. A file of less than 1 MiB, and a wheel or an archive of any size, can
            be read there by its path.
        entries: All members, sorted by path.
        name: The model's name.
        version: The model's version.
        manifest: The manifest as a model of its own kind; None where the kind has none.
    """

    kind: str
    root: Path
    entries: tuple[ArtifactEntry, ...]
    name: str
    version: str
    manifest: BaseModel | None = None

    def has(self, path: str) -> bool:
        """Tell whether a file or folder of this relative path is in the artifact."""
        return path in self._by_path

    def open(self, path: str) -> BinaryIO:
        """Open a file of the artifact for reading.

        What is read of a file in an archive raises `ArtifactError` where it is not what the archive says.

        Raises:
            OSError: There is no such file, or none any more.
        """
        entry = self._by_path.get(path)
        return entry.packed.open() if entry and entry.packed else open_on_disk(self.root / path)

    @cached_property
    def _by_path(self) -> Mapping[str, ArtifactEntry]:
        return {entry.path: entry for entry in self.entries}

    def read_text(self, path: str) -> str:
        """Return a small text file of the artifact.

        Raises:
            ArtifactError: It is not there, not UTF-8, or larger than any manifest.
        """
        try:
            with self._followed(path) as stream:
                content = stream.read(_MOST_TEXT_BYTES + 1)
            text = content.decode("utf-8-sig")
        except OSError as error:
            raise ArtifactError(
                f"cannot read {path} of the artifact: {error.strerror}", code="unreadable"
            ) from None
        except UnicodeDecodeError:
            raise ArtifactError(f"{path} of the artifact is not UTF-8 text", code="unreadable") from None
        if len(content) > _MOST_TEXT_BYTES:
            raise ArtifactError(
                f"{path} of the artifact is larger than {_MOST_TEXT_BYTES} bytes", code="too-large"
            )
        return text

    def _followed(self, path: str) -> BinaryIO:
        """Open a file, also by a link to it."""
        target = os.path.relpath(os.path.realpath(self.root / path), os.path.realpath(self.root))
        entry = self._by_path.get(target)
        return entry.packed.open() if entry and entry.packed else (self.root / path).open("rb")

    def planned(self, folder: str, *, without: frozenset[str] = frozenset()) -> tuple[PlannedFile, ...]:
        """Return all members as files below a folder of the image.

        Args:
            folder: Absolute path in the image.
            without: Relative paths to leave out.
        """
        return tuple(
            entry.planned(f"{folder}/{entry.path}") for entry in self.entries if entry.path not in without
        )


def open_on_disk(path: Path) -> BinaryIO:
    """Open a file for reading; a pipe in its place would keep us waiting for ever.

    Raises:
        OSError: It is no file any more.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a file any more", str(path))
    return os.fdopen(descriptor, "rb")
