"""A model artifact as packagers see it: its kind, its manifest and the list of its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from odahu_pack_core.errors import ArtifactError

from .files import FILE_MODE, PROGRAM_MODE, ArtifactFile, Folder, Link, PlannedFile

_MOST_TEXT_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True)
class ArtifactEntry:
    """One member of an artifact.

    Args:
        path: Relative path with ``/``.
        size: Bytes; 0 for folders and links.
        executable: Whether its owner may run it.
        link: Where a symbolic link points, relative and inside the artifact; empty for others.
        is_folder: Whether it is a folder.
    """

    path: str
    size: int = 0
    executable: bool = False
    link: str = ""
    is_folder: bool = False


@dataclass(frozen=True)
class ModelArtifact:
    """A trained model on disk.

    Args:
        kind: Name of the reader that knew it, such as ``gppi``.
        root: The folder that holds it.
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
        return any(entry.path == path for entry in self.entries)

    def read_text(self, path: str) -> str:
        """Return a small text file of the artifact.

        Raises:
            ArtifactError: It is not there, not UTF-8, or larger than any manifest.
        """
        try:
            with (self.root / path).open("rb") as stream:
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

    def planned(self, folder: str, *, without: frozenset[str] = frozenset()) -> tuple[PlannedFile, ...]:
        """Return all members as files below a folder of the image.

        Args:
            folder: Absolute path in the image.
            without: Relative paths to leave out.
        """
        return tuple(
            _planned(entry, f"{folder}/{entry.path}") for entry in self.entries if entry.path not in without
        )


def _planned(entry: ArtifactEntry, path: str) -> PlannedFile:
    if entry.is_folder:
        return Folder(path)
    if entry.link:
        return Link(path, entry.link)
    return ArtifactFile(path, entry.path, entry.size, PROGRAM_MODE if entry.executable else FILE_MODE)
