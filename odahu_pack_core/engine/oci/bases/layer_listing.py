"""What one layer of an image holds: what matters by name, all else as numbers, so that memory stays bounded.

Whiteouts: https://github.com/opencontainers/image-spec (layer.md).
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plan.cache_lock import LOCK_FILE

from .tar_members import FILE, FOLDER, HARD_LINK, LINK, Member, members
from .unpacking import unpacked

WHITEOUT: Final = ".wh."
OPAQUE: Final = ".wh..wh..opq"
_PROGRAM: Final = re.compile(r"python3[\d.]*m?")
_TOLD_BY_NAME: Final = re.compile(r"ld-musl-.*|.*\.(?:dist|egg)-info")
START: Final = 8192
"""How much is kept of a file whose content may matter; headers of programs are within it."""

_LOCK: Final = 1024 * 1024
_MOST_KEPT: Final = 8 * 1024 * 1024
_LONGEST_PATH: Final = 4096


class Entry(NamedTuple):
    """What is at a path of a layer.

    Args:
        kind: One of `tar_members`' kinds.
        mode: Permission bits.
        link: Where a link points.
    """

    kind: str
    mode: int = 0
    link: str = ""


UNNAMED: Final = Entry("unnamed")
"""Something that is no folder and no link: the layer has to be read again to know more."""


@dataclass
class Allowance:
    """How much may still be looked through in an image, whose layers share it.

    Args:
        entries: Entries of any kind.
        named: Entries that are kept by name, and folders that are only implied.
    """

    entries: int = 4_000_000
    named: int = 200_000


@dataclass
class LayerListing:
    """The entries of a layer, by path without slashes at its ends.

    Args:
        named: Folders, links, and files whose names matter.
        implied: Folders that are only there as the places of entries.
        removed: Paths that lower layers have, and images from this layer on do not.
        emptied: Folders of which images from this layer on see nothing of what lower layers have.
        starts: The first bytes of files whose content matters.
    """

    named: dict[str, Entry] = field(default_factory=dict)
    implied: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    emptied: set[str] = field(default_factory=set)
    starts: dict[str, bytes] = field(default_factory=dict)
    _unnamed: array[int] = field(default_factory=lambda: array("q"))

    @classmethod
    def read(cls, blob: Iterable[bytes], packed_size: int, allowance: Allowance) -> LayerListing:
        """Read a layer's blob to its end.

        Args:
            blob: Its bytes.
            packed_size: How many they are.
            allowance: How much it may hold; lessened by what it holds.

        Raises:
            RegistryError: It is damaged, or holds more than an image can be thought to hold.
        """
        listing = cls()
        for member, start in members(unpacked(blob, packed_size), listing._wanted):
            listing._add(member, start)
            allowance.entries -= 1
            if allowance.entries < 0 or listing._names > allowance.named:
                raise RegistryError(
                    "the base image holds more files than can be looked through", code="base-bomb"
                )
        allowance.named -= listing._names
        listing._unnamed = array("q", sorted(listing._unnamed))
        return listing

    @property
    def _names(self) -> int:
        return len(self.named) + len(self.implied)

    def learn(self, path: str, member: Member, start: bytes) -> None:
        """Note what is at a path.

        Args:
            path: The path.
            member: The entry there; the last one where several have this path.
            start: The first bytes of its content.
        """
        link = plain_path(member.link) if member.kind == HARD_LINK else member.link
        self.named[path] = Entry(member.kind, member.mode, link)
        if start:
            self.starts[path] = start

    def at(self, path: str) -> Entry | None:
        """Return what this layer has at a path; None when it has nothing, or only what is below it."""
        found = self.named.get(path)
        if found is None and self._has_unnamed(path):
            return UNNAMED
        return found

    def hides(self, path: str) -> bool:
        """Tell whether nothing that lower layers have at a path is seen any more."""
        return path in self.removed or self.hides_below(path.rpartition("/")[0])

    def hides_below(self, folder: str) -> bool:
        """Tell whether nothing that lower layers have in a folder is seen any more."""
        while folder:
            found = self.at(folder)
            is_folder = found is None or found.kind == FOLDER
            if not is_folder or folder in self.emptied or folder in self.removed:
                return True
            folder = folder.rpartition("/")[0]
        return "" in self.emptied

    def _wanted(self, member: Member) -> int:
        """Say how much of an entry's content to keep while it passes by."""
        if member.kind != FILE or sum(map(len, self.starts.values())) > _MOST_KEPT:
            return 0
        name = member.path.rpartition("/")[2]
        return _LOCK if name == LOCK_FILE else START if _PROGRAM.fullmatch(name) else 0

    def _add(self, member: Member, start: bytes) -> None:
        path = plain_path(member.path)
        folder, _, name = path.rpartition("/")
        if not path:
            return
        self._imply(folder)
        if name == OPAQUE:
            self.emptied.add(folder)
        elif name.startswith(WHITEOUT):
            self.removed.add(f"{folder}/{name.removeprefix(WHITEOUT)}".lstrip("/"))
        elif member.kind in {FOLDER, LINK} or _matters(name):
            self.starts.pop(path, None)
            self.learn(path, member, start)
        else:
            self.named.pop(path, None)
            self._unnamed.append(hash(path))

    def _imply(self, folder: str) -> None:
        while folder and folder not in self.implied:
            self.implied.add(folder)
            folder = folder.rpartition("/")[0]

    def _has_unnamed(self, path: str) -> bool:
        wanted = hash(path)
        at = bisect_left(self._unnamed, wanted)
        return at < len(self._unnamed) and self._unnamed[at] == wanted


def plain_path(path: str) -> str:
    """Return a path of an entry without what means nothing, so that equal paths are equal texts.

    Raises:
        RegistryError: It leads out of the image.
    """
    if len(path) > _LONGEST_PATH:
        raise RegistryError("a layer of the base image holds a path of absurd length", code="base-damaged")
    if "/." not in path and "//" not in path and not path.startswith((".", "/")):
        return path.rstrip("/")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise RegistryError(
            "a layer of the base image holds a path that leads out of it", code="base-damaged"
        )
    return "/".join(parts)


def _matters(name: str) -> bool:
    return bool(name == LOCK_FILE or _PROGRAM.fullmatch(name) or _TOLD_BY_NAME.fullmatch(name))
