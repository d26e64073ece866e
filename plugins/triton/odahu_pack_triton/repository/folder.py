"""A model's folder in a repository, wherever its files lie in the artifact."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO, Final

from odahu_pack_core import ArtifactEntry, ArtifactError, ModelArtifact
from odahu_pack_triton.config import CONFIG, MOST_BYTES, ModelConfig, read_config

from .links import target_of

_VERSION: Final = re.compile(r"0|[1-9][0-9]{0,17}")


def is_version(name: str) -> bool:
    """Tell whether Triton takes a folder of this name for a version of a model."""
    return bool(_VERSION.fullmatch(name))


@dataclass(frozen=True)
class ModelFolder:
    """One model: ``config.pbtxt``, label files and versions, at the paths that Triton will see.

    Args:
        name: Name of the folder, which is the model's.
        artifact: The artifact that holds the files.
        entries: Path below the folder, such as ``1/model.onnx``, to the member of the artifact.
        conda_file: The conda file that says what the model's environment holds, should it have one, as a path
            in the artifact; empty without one.
        place: The folder's path in the artifact, empty for its root; None where it is the name.
    """

    name: str
    artifact: ModelArtifact
    entries: Mapping[str, ArtifactEntry]
    conda_file: str = ""
    place: str | None = None

    @cached_property
    def versions(self) -> tuple[int, ...]:
        """The versions whose folders are there, in ascending order."""
        return tuple(sorted(int(top) for top in self.names("") if is_version(top) and self.is_folder(top)))

    def has(self, path: str) -> bool:
        """Tell whether a file or a folder is there."""
        return path in self.entries or path in self._children

    def is_folder(self, path: str) -> bool:
        """Tell whether a folder, or a link to one, is there."""
        entry = self.entries.get(path)
        if entry is not None and entry.link:
            return (self.artifact.root / entry.path).is_dir()
        return path in self._children or bool(entry and entry.is_folder)

    def names(self, folder: str) -> Iterator[str]:
        """Yield the names of what lies directly in a folder such as ``1``; an empty path is the model's."""
        yield from self._children.get(folder, ())

    def shown(self, path: str) -> str:
        """Return a path as the user knows it: where it is in the artifact, or would be."""
        if path in self.entries:
            return self.entries[path].path
        place = self.name if self.place is None else self.place
        return f"{place}/{path}" if place else path

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading, also by a link to it.

        Raises:
            OSError: There is no such file.
        """
        if path not in self.entries:
            raise FileNotFoundError(path)
        entry = self.entries[path]
        return self.artifact.open(target_of(entry, self.artifact) if entry.link else entry.path)

    def read_text(self, path: str) -> str:
        """Return a small text file.

        Raises:
            ArtifactError: It is not there, not UTF-8, or too large.
        """
        if path not in self.entries:
            raise ArtifactError(f"{self.shown(path)} is not in the artifact", code="unreadable")
        return self.artifact.read_text(self.entries[path].path)

    @cached_property
    def config(self) -> ModelConfig:
        """The configuration as it is written, whatever is in the file; an empty one without a file.

        Raises:
            ArtifactError: It is no file.
        """
        if not self.has(CONFIG):
            return read_config("")
        try:
            with self.open(CONFIG) as stream:
                return read_config(stream.read(MOST_BYTES))
        except OSError as error:
            reason = error.strerror or str(error)
            raise ArtifactError(f"cannot read {self.config_file}: {reason}", code="unreadable") from None

    @property
    def config_file(self) -> str:
        """Where the configuration is, or would be, as the user knows it."""
        return self.shown(CONFIG)

    @cached_property
    def _children(self) -> Mapping[str, Mapping[str, None]]:
        """What lies directly in each folder, in order; every folder that holds something is a key."""
        children: dict[str, dict[str, None]] = {}
        for path in self.entries:
            while path:
                parent, _, name = path.rpartition("/")
                known = parent in children
                children.setdefault(parent, {})[name] = None
                if known:
                    break
                path = parent  # noqa: PLW2901  # on the way up
        return children


@dataclass(frozen=True)
class ModelRepository:
    """Every model of an artifact.

    Args:
        models: The models by their names, sorted.
        files: Other files that lie at the repository's root, by their paths there.
        left_out: What of the artifact is no part of the repository, as paths in the artifact.
        whole: Whether Triton will see no other models than these.
    """

    models: Mapping[str, ModelFolder]
    files: Mapping[str, ArtifactEntry] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    whole: bool = True
