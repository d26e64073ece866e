"""The files of an image laid out in a folder of this machine, as far as a program needs them to run."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from odahu_pack_core.environment.digests import digest_of
from odahu_pack_core.environment.writing import write_files
from odahu_pack_core.errors import PlanError
from odahu_pack_core.plan.files import Link, PlannedFile, TextFile, in_layer_order
from odahu_pack_core.values import dataclass

_FORMAT: Final = 1
"""Counts the changes to how the same things are laid out."""

Standing = tuple[tuple[str, Path], ...]
"""What is on this machine already: its absolute path in the image, and where it is."""


@dataclass(frozen=True)
class Layout:
    """What is laid out of an image.

    Args:
        environments: Environments, each by its prefix.
        files: Files that the plan itself holds, folders and links.
        in_place: What is used where it is, the model above all, so that changes to it count at once.
    """

    environments: Standing
    files: tuple[PlannedFile, ...]
    in_place: Standing

    @property
    def key(self) -> str:
        """A digest of everything that decides the layout."""
        standing = [[(path, str(there)) for path, there in of] for of in (self.environments, self.in_place)]
        return digest_of(_FORMAT, standing, [_told(file) for file in self.files])

    def write(self, root: Path) -> Path:
        """Lay everything out, below a folder that may be moved afterwards.

        Args:
            root: The folder; made here.

        Returns:
            The folder.

        Raises:
            PlanError: A file would lie behind a link, or take the place of an environment.
            OSError: It cannot be written.
        """
        root.mkdir()
        for prefix, folder in sorted(self.environments):
            self._stand(root, prefix, folder)
        links = [file for file in self.files if isinstance(file, Link)]
        others = [file for file in self.files if not isinstance(file, Link)]
        place = partial(_place, root)
        write_files(in_layer_order(others), place, _no_source)
        for path, there in self.in_place:
            write_files([Link(path, str(there))], place, _no_source)
        write_files((_relative(link, root) for link in links), place, _no_source)
        return root

    def _stand(self, root: Path, prefix: str, folder: Path) -> None:
        """Have an environment at its place: by a link, or file by file where others are put among them."""
        place = _place(root, prefix)
        place.parent.mkdir(parents=True, exist_ok=True)
        if any(_is_below(path, prefix) for path in self._paths()):
            # The same files under other names: they are only ever replaced, never written to.
            shutil.copytree(folder, place, symlinks=True, copy_function=os.link, dirs_exist_ok=True)
        else:
            place.symlink_to(folder)

    def _paths(self) -> Iterator[str]:
        yield from (file.path for file in self.files)
        yield from (path for path, _ in self.in_place)
        yield from (prefix for prefix, _ in self.environments)


def _is_below(path: str, prefix: str) -> bool:
    return path.startswith(f"{prefix}/")


def _told(file: PlannedFile) -> tuple[object, ...]:
    if isinstance(file, TextFile):
        return ("file", file.path, hashlib.sha256(file.content).hexdigest(), file.mode)
    if isinstance(file, Link):
        return ("link", file.path, file.target)
    return ("folder", file.path, file.mode)


def _place(root: Path, path: str) -> Path:
    """Return where a path of the image is laid out, which must not be outside: links lead there."""
    place = root / path.removeprefix("/")
    if not Path(os.path.realpath(place.parent)).is_relative_to(os.path.realpath(root)):
        raise PlanError(f"{path} lies behind a link of the plan, so it cannot be laid out", code="bad-path")
    return place


def _relative(link: Link, root: Path) -> Link:
    """Return a link to what is laid out as one that stays right when all of it is moved."""
    if not link.target.startswith("/") or not os.path.lexists(f"{root}{link.target}"):
        return link
    return Link(link.path, os.path.relpath(link.target, os.path.dirname(link.path)))  # noqa: PTH120  # as text


def _no_source(source: str) -> BinaryIO:
    raise FileNotFoundError(source)  # files of the artifact are used in place


def merged(layers: Iterable[Iterable[PlannedFile]]) -> tuple[PlannedFile, ...]:
    """Return the files of layers; where several have one of a path, that of the last one.

    Args:
        layers: The files of each layer, in the order in which they are added.
    """
    return tuple({file.path: file for layer in layers for file in layer}.values())
