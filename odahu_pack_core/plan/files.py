"""Files of a layer as values: where each goes, its mode, and where its bytes come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from odahu_pack_core.errors import PlanError
from odahu_pack_core.values import dataclass

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
        if by_path.setdefault(file.path, file) != file:
            raise PlanError(f"two files of one layer are called {file.path}", code="duplicate-file")
    for path in list(by_path):
        for parent in _parents(path):
            there = by_path.setdefault(parent, Folder(parent))
            if not isinstance(there, Folder):
                raise PlanError(f"{parent} is both a file and a folder", code="duplicate-file")
    return tuple(by_path[path] for path in sorted(by_path, key=lambda path: path.split("/")))


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _check_path(path: str) -> None:
    root, *parts = path.split("/")
    if root or not parts or "\0" in path or any(part in {"", ".", ".."} for part in parts):
        raise PlanError(f"{path!r} is not a plain absolute path", code="bad-path")
