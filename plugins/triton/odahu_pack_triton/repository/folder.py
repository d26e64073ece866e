"""A model's folder in a repository, wherever its files lie in the artifact."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO, Final

from odahu_pack_core import ArtifactEntry, ModelArtifact
from odahu_pack_triton.config import CONFIG

_VERSION: Final = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class ModelFolder:
    """One model: ``config.pbtxt``, label files and versions, at the paths that Triton will see.

    Args:
        name: Name of the folder, which is the model's.
        artifact: The artifact that holds the files.
        entries: Path below the folder, such as ``1/model.onnx``, to the member of the artifact.
    """

    name: str
    artifact: ModelArtifact
    entries: Mapping[str, ArtifactEntry]

    @cached_property
    def versions(self) -> tuple[int, ...]:
        """The versions whose folders are there, in ascending order."""
        tops = {path.partition("/")[0] for path in self.entries}
        return tuple(sorted(int(top) for top in tops if _VERSION.fullmatch(top) and self.is_folder(top)))

    def has(self, path: str) -> bool:
        """Tell whether a file or a folder is there."""
        return path in self.entries or any(other.startswith(f"{path}/") for other in self.entries)

    def is_folder(self, path: str) -> bool:
        """Tell whether a folder, or a link to one, is there."""
        entry = self.entries.get(path)
        if entry is not None and entry.link:
            return (self.artifact.root / entry.path).is_dir()
        return any(other.startswith(f"{path}/") for other in self.entries) or bool(entry and entry.is_folder)

    def names(self, folder: str) -> Iterator[str]:
        """Yield the names of what lies directly in a folder such as ``1``; an empty path is the model's."""
        prefix = f"{folder}/" if folder else ""
        below = (path[len(prefix) :] for path in self.entries if path.startswith(prefix))
        yield from dict.fromkeys(path.partition("/")[0] for path in below if path)

    def shown(self, path: str) -> str:
        """Return a path as the user knows it: that in the artifact."""
        return self.entries[path].path if path in self.entries else f"{self.name}/{path}"

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading.

        Raises:
            OSError: There is no such file.
        """
        return self.artifact.open(self.entries[path].path)

    def read_text(self, path: str) -> str:
        """Return a small text file.

        Raises:
            ArtifactError: It is not there, not UTF-8, or too large.
        """
        return self.artifact.read_text(self.entries[path].path)

    @property
    def config_file(self) -> str:
        """Where the configuration is, or would be, as the user knows it."""
        return self.shown(CONFIG)


@dataclass(frozen=True)
class ModelRepository:
    """Every model of an artifact.

    Args:
        models: The models by their names, sorted.
    """

    models: Mapping[str, ModelFolder]
