"""ImageTree: the files of an image, as its layers one over another make them."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Final, Literal

WHITEOUT: Final = ".wh."
"""How the name of an entry begins that removes something of a lower layer."""

_OPAQUE: Final = ".wh..wh..opq"
_MOST_LINKS: Final = 40
_KINDS: Final[Mapping[bytes, Literal["file", "folder", "link"]]] = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.DIRTYPE: "folder",
    tarfile.SYMTYPE: "link",
}


@dataclass(frozen=True)
class TreeEntry:
    """What is at one path.

    Args:
        kind: ``file``, ``folder``, ``link`` (symbolic) or ``other``.
        mode: Permission bits.
        uid: The owner.
        gid: The group.
        time: When it was last changed, in seconds since 1970.
        content: The bytes of a file.
        target: Where a link points, as written.
    """

    kind: Literal["file", "folder", "link", "other"]
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    time: int = 0
    content: bytes = field(default=b"", repr=False)
    target: str = ""


@dataclass
class ImageTree:
    """The files of an image by absolute path; meant for small images, since it holds their bytes."""

    entries: dict[str, TreeEntry] = field(default_factory=dict)

    @classmethod
    def of(cls, layers: Iterable[bytes]) -> ImageTree:
        """Return what layers make, the lowest first; each is an uncompressed tar stream."""
        tree = cls()
        for layer in layers:
            tree.add(layer)
        return tree

    def __getitem__(self, path: str) -> TreeEntry:
        return self.entries[path]

    def __contains__(self, path: str) -> bool:
        return path in self.entries

    def add(self, layer: bytes) -> None:
        """Put a layer on top, as container engines do: whiteouts remove, parent links are followed."""
        with tarfile.open(fileobj=BytesIO(layer)) as tar:
            members = list(tar)
            # What a layer removes, it removes from below, wherever in the layer it says so.
            for member in members:
                self._remove(self._place(member.name))
            for member in members:
                path = self._place(member.name)
                if not _name(path).startswith(WHITEOUT):
                    self._put(path, self._entry(tar, member))

    def _place(self, name: str) -> str:
        """Return the absolute path of an entry, with the links among its parents followed."""
        *parents, last = ["", *(part for part in name.split("/") if part not in {"", "."})]
        return f"{self._followed('/'.join(parents)).rstrip('/')}/{last}"

    def _followed(self, path: str) -> str:
        done = ""
        parts = [part for part in path.split("/") if part]
        for _ in range(_MOST_LINKS + len(parts)):
            if not parts:
                break
            part = parts.pop(0)
            entry = self.entries.get(f"{done}/{part}")
            if entry is None or entry.kind != "link":
                done = done.rpartition("/")[0] if part == ".." else f"{done}/{part}"
                continue
            parts = [*(piece for piece in entry.target.split("/") if piece not in {"", "."}), *parts]
            done = "" if entry.target.startswith("/") else done
        return done

    def _entry(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> TreeEntry:
        if member.islnk():
            return self.entries[self._place(member.linkname)]
        entry = TreeEntry(
            _KINDS.get(member.type, "other"),
            member.mode & 0o7777,
            member.uid,
            member.gid,
            int(member.mtime),
            target=member.linkname if member.issym() else "",
        )
        stream = tar.extractfile(member) if member.isreg() else None
        return replace(entry, content=stream.read()) if stream else entry

    def _put(self, path: str, entry: TreeEntry) -> None:
        there = self.entries.get(path)
        if there is not None and not there.kind == entry.kind == "folder":
            self._drop(path)
        self.entries[path] = entry

    def _remove(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        if name == _OPAQUE:
            for below in list(self._below(folder)):
                del self.entries[below]
        elif name.startswith(WHITEOUT):
            self._drop(f"{folder}/{name.removeprefix(WHITEOUT)}")

    def _drop(self, path: str) -> None:
        self.entries.pop(path, None)
        for below in list(self._below(path)):
            del self.entries[below]

    def _below(self, folder: str) -> Iterator[str]:
        return (path for path in self.entries if path.startswith(f"{folder}/"))


def _name(path: str) -> str:
    return path.rpartition("/")[2]
