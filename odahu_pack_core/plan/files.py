"""Files of a layer as values: where each goes, its mode, and where its bytes come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from odahu_pack_core.errors import PlanError

FILE_MODE = 0o644
PROGRAM_MODE = 0o755
FOLDER_MODE = 0o755


@dataclass(frozen=True)
class TextFile:
    """A file whose bytes the plan itself holds.

    Args:
        path: Absolute path in the image.
        content: The bytes.
        mode: Permission bits.
    """

    path: str
    content: bytes
    mode: int = FILE_MODE

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return len(self.content)


@dataclass(frozen=True)
class ArtifactFile:
    """A file of the model artifact.

    Args:
        path: Absolute path in the image.
        source: Relative path in the artifact.
        size: Bytes, as they were when the artifact was read.
        mode: Permission bits.
    """

    path: str
    source: str
    size: int
    mode: int = FILE_MODE


@dataclass(frozen=True)
class Link:
    """A symbolic link.

    Args:
        path: Absolute path in the image.
        target: Where it points, as written in the link.
    """

    path: str
    target: str


@dataclass(frozen=True)
class Folder:
    """A folder that has a mode of its own or may stay empty.

    Args:
        path: Absolute path in the image.
        mode: Permission bits.
    """

    path: str
    mode: int = FOLDER_MODE


PlannedFile = TextFile | ArtifactFile | Link | Folder


def in_layer_order(files: Iterable[PlannedFile]) -> tuple[PlannedFile, ...]:
    """Return files sorted by path, with every parent folder before what is in it.

    Raises:
        PlanError: Two files share a path, or a path is not absolute and plain.
    """
    by_path: dict[str, PlannedFile] = {}
    for file in files:
        _check_path(file.path)
        if file.path in by_path and by_path[file.path] != file:
            raise PlanError(f"two files of one layer are called {file.path}", code="duplicate-file")
        by_path[file.path] = file
    for path in list(by_path):
        for parent in list(PurePosixPath(path).parents)[:-1]:
            there = by_path.setdefault(str(parent), Folder(str(parent)))
            if not isinstance(there, Folder):
                raise PlanError(f"{there.path} is both a file and a folder", code="duplicate-file")
    return tuple(by_path[path] for path in sorted(by_path, key=lambda path: PurePosixPath(path).parts))


def _check_path(path: str) -> None:
    pure = PurePosixPath(path)
    if str(pure) != path or not pure.is_absolute() or ".." in pure.parts or "\0" in path or path == "/":
        raise PlanError(f"{path!r} is not a plain absolute path", code="bad-path")
