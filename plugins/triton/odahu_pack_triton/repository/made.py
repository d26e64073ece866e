"""Files that stand in a model's folder without lying in the artifact."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from odahu_pack_core import ArtifactEntry

from .folder import ModelFolder


@dataclass(frozen=True)
class MadeFile:
    """The bytes of such a file.

    Args:
        content: All of them.
    """

    content: bytes

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return len(self.content)

    def open(self) -> BinaryIO:
        """Open it for reading."""
        return io.BytesIO(self.content)


def with_files(folder: ModelFolder, files: Mapping[str, bytes]) -> ModelFolder:
    """Return a model's folder with files added, or put in place of those that are there.

    Args:
        folder: The folder.
        files: Content by path below the folder.
    """
    made = {path: _entry(folder.shown(path), content) for path, content in files.items()}
    places = {entry.path for entry in made.values()}
    kept = (entry for entry in folder.artifact.entries if entry.path not in places)
    artifact = replace(folder.artifact, entries=(*kept, *made.values()))
    return replace(folder, artifact=artifact, entries={**folder.entries, **made})


def with_version(folder: ModelFolder, version: int) -> ModelFolder:
    """Return a model's folder with an empty version added."""
    name = str(version)
    entry = ArtifactEntry(folder.shown(name), is_folder=True)
    return replace(folder, entries={**folder.entries, name: entry})


def _entry(path: str, content: bytes) -> ArtifactEntry:
    return ArtifactEntry(path, len(content), packed=MadeFile(content))
