"""The files of an image seen through its layers, of which each is read at most once, and only when needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from odahu_pack_core.engine.oci.source_image import SourceLayer

from .layer_listing import START, UNNAMED, Allowance, Entry, LayerListing, plain_path
from .tar_members import FILE, FOLDER, HARD_LINK, LINK, members
from .unpacking import unpacked

_MOST_LINKS: Final = 40
_EXECUTABLE: Final = 0o111
_ROOT: Final = Entry(FOLDER)
_NOTHING: Final = Entry("nothing")


class _File(NamedTuple):
    """A regular file: its path, that of its hard link's target, what it is, and in which layer."""

    path: str
    where: str
    entry: Entry
    depth: int


class LayeredFiles:
    """Fulfils `ImageFiles` over layers, the topmost asked first.

    Args:
        layers: The layers, from the lowest on.
    """

    def __init__(self, layers: Sequence[SourceLayer]) -> None:
        self._layers = tuple(reversed(layers))
        self._listings: list[LayerListing] = []
        self._allowance = Allowance()

    def program(self, path: str) -> str | None:
        """Return where a program really is; None when there is no program."""
        file = self._file(path)
        return file.path if file is not None and file.entry.mode & _EXECUTABLE else None

    def exists(self, path: str) -> bool:
        """Tell whether anything is at a path."""
        return self._lookup(path) is not None

    def is_folder(self, path: str) -> bool:
        """Tell whether a path is a folder."""
        found = self._lookup(path)
        return found is not None and found[1].kind == FOLDER

    def start_of(self, path: str, size: int) -> bytes:
        """Return the first bytes of a regular file; none when it is none."""
        file = self._file(path)
        if file is None:
            return b""
        starts = self._listing(file.depth).starts
        if file.where not in starts:
            self._read_again(file.depth, file.where, size)
        return starts.get(file.where, b"")[:size]

    def names_in(self, folder: str) -> Iterator[str]:
        """Yield the names in a folder that matter: those of other folders, links and metadata."""
        found = self._lookup(folder)
        if found is None or found[1].kind != FOLDER:
            return
        start = f"{found[0]}/" if found[0] else ""
        for depth in range(len(self._layers)):
            listing = self._listing(depth)
            for path in {*listing.named, *listing.implied}:
                name = path.removeprefix(start)
                if path.startswith(start) and "/" not in name and self._at(path) is not None:
                    yield name
            if listing.hides_below(found[0]):
                return

    def _file(self, path: str) -> _File | None:
        """Return a regular file, links of both kinds followed."""
        found = self._lookup(path)
        if found is None:
            return None
        real, entry, depth = found
        where = real
        for _ in range(_MOST_LINKS):
            if entry == UNNAMED:
                entry = self._read_again(depth, where, 0)
            if entry.kind != HARD_LINK:
                return _File(f"/{real}", where, entry, depth) if entry.kind == FILE else None
            where = entry.link
            entry = self._listing(depth).at(where) or _NOTHING
        return None

    def _lookup(self, path: str) -> tuple[str, Entry, int] | None:
        """Return the real path, what is there, and in which layer, symbolic links followed."""
        ahead, real, entry, depth, links = _parts(path)[::-1], "", _ROOT, 0, 0
        while ahead:
            part = ahead.pop()
            if entry.kind != FOLDER:
                return None
            if part == "..":
                real = real.rpartition("/")[0]
                continue
            found = self._at(f"{real}/{part}".lstrip("/"))
            if found is None:
                return None
            if found[0].kind != LINK:
                real, (entry, depth) = f"{real}/{part}".lstrip("/"), found
                continue
            links += 1
            if links > _MOST_LINKS:
                return None
            real = "" if found[0].link.startswith("/") else real
            ahead += _parts(found[0].link)[::-1]
        return real, entry, depth

    def _at(self, path: str) -> tuple[Entry, int] | None:
        """Return what is at a path, whose folders are no links, and in which layer."""
        implied: tuple[Entry, int] | None = None
        for depth in range(len(self._layers)):
            listing = self._listing(depth)
            found = listing.at(path)
            if found is not None:
                # An entry below a path makes a folder of it only where no layer says what it is.
                return found, depth
            if implied is None and path in listing.implied:
                implied = (Entry(FOLDER), depth)
            if listing.hides(path):
                break
        return implied

    def _listing(self, depth: int) -> LayerListing:
        while len(self._listings) <= depth:
            layer = self._layers[len(self._listings)]
            self._listings.append(
                LayerListing.read(layer.blob.chunks(), layer.descriptor.size, self._allowance)
            )
        return self._listings[depth]

    def _read_again(self, depth: int, path: str, size: int) -> Entry:
        """Read a layer once more for what was not kept of it, and keep it."""
        layer, listing = self._layers[depth], self._listing(depth)
        size = max(size, START)
        tar = unpacked(layer.blob.chunks(), layer.descriptor.size)
        for member, start in members(tar, lambda member: size if plain_path(member.path) == path else 0):
            if plain_path(member.path) == path:
                listing.learn(path, member, start)
        return listing.at(path) or _NOTHING


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in {"", "."}]
