"""What is seen through layers equals what applying them one by one makes."""

import tarfile
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.engine.oci.bases.layered_files import LayeredFiles
from tests.core.engine.oci.bases.parts import PACKERS, layer

NAMES = ("a", "bin", "python3", "x-1.dist-info", "other.txt")
PATHS = [
    (*head, name)
    for head in [(), *((n,) for n in NAMES[:3]), *((m, n) for m in NAMES[:2] for n in NAMES[:2])]
    for name in NAMES
]
TARGETS = (
    "a",
    "../a",
    "bin/python3",
    "/bin",
    "/a/bin",
    "..",
    "../../bin/python3",
    "python3",
    "/other.txt",
    ".",
)


@dataclass
class Tree:
    """A file tree: what is at each path."""

    at: dict = field(default_factory=dict)

    def remove(self, path):
        for other in [other for other in self.at if other[: len(path)] == path and other]:
            del self.at[other]

    def empty(self, path):
        for other in [other for other in self.at if other[: len(path)] == path and len(other) > len(path)]:
            del self.at[other]

    def put(self, path, what):
        if not (what[0] == "folder" and self.at.get(path, ("folder",))[0] == "folder"):
            self.remove(path)
        for size in range(1, len(path)):
            self.at.setdefault(path[:size], ("folder",))
        self.at[path] = what

    def resolve(self, path):
        """Return real path and what is there, links followed."""
        ahead, real, links = list(path), (), 0
        while ahead:
            part = ahead.pop(0)
            if self.at.get(real, ("folder",))[0] != "folder":
                return None
            if part == "..":
                real = real[:-1]
                continue
            if part == ".":
                continue
            found = self.at.get((*real, part))
            if found is None:
                return None
            if found[0] == "link":
                links += 1
                if links > 40:
                    return None
                real = () if found[1].startswith("/") else real
                ahead = [step for step in found[1].split("/") if step] + ahead
            else:
                real = (*real, part)
        return real, self.at.get(real, ("folder",))


@st.composite
def layers(draw):
    """Draw layers, and the tree that they make."""
    tree, made = Tree(), []
    for _ in range(draw(st.integers(1, 4))):
        put = draw(additions())
        removed = draw(st.lists(st.sampled_from(PATHS), max_size=2, unique=True))
        emptied = draw(st.lists(st.sampled_from([(), *PATHS]), max_size=1))
        # Whoever applies a layer makes the folders of all its entries, whiteouts among them.
        folders = {path[:-1] for path in (*put, *removed)} | set(emptied)
        folders = {path[:size] for path in folders for size in range(1, len(path) + 1)}
        if any(put.get(path, ("folder",))[0] != "folder" for path in folders):
            continue
        for path in removed:
            tree.remove(path)
        for path in emptied:
            tree.empty(path)
        whiteouts = [marker(path[:-1], path[-1]) for path in removed]
        whiteouts += [marker(path, ".wh..opq") for path in emptied]
        entries = draw(applied(tree, {**dict.fromkeys(folders, ("folder",)), **put}, folders))
        hard = [one for one in entries if one[1] == tarfile.LNKTYPE]
        rest = [one for one in entries if one[1] != tarfile.LNKTYPE]
        order = draw(st.permutations([*whiteouts, *rest]))
        made.append(layer(*order, *hard, pack=draw(st.sampled_from(sorted(PACKERS)))))
    return made, tree


@st.composite
def additions(draw):
    """Draw what a layer adds: nothing below what is no folder."""
    put = {}
    for path in draw(st.lists(st.sampled_from(PATHS), max_size=8, unique=True)):
        blocked = any(put.get(path[:size], ("folder",))[0] != "folder" for size in range(1, len(path)))
        if not blocked and not any(other[: len(path)] == path for other in put):
            put[path] = draw(contents(put))
    return put


@st.composite
def applied(draw, tree, put, folders):
    """Apply a layer to a tree, and draw its entries; a folder that needs no entry may have none."""
    entries = []
    for path, what in sorted(put.items()):
        no_surprise = path in folders and tree.at.get(path, ("folder",))[0] == "folder"
        tree.put(path, what)
        if not (no_surprise and draw(st.booleans())):
            entries.append(entry("/".join(path), what))
    return entries


def marker(folder, name):
    return "/".join((*folder, f".wh.{name}")), tarfile.REGTYPE, b"", 0o644


@st.composite
def contents(draw, put):
    """Draw what is at a path."""
    files = [path for path, what in put.items() if what[0] == "file" and what[3] is None]
    kind = draw(
        st.sampled_from(["folder", "link", "file", "file", "hard"] if files else ["folder", "link", "file"])
    )
    if kind == "folder":
        return ("folder",)
    if kind == "link":
        return ("link", draw(st.sampled_from(TARGETS)))
    if kind == "hard":
        path = draw(st.sampled_from(files))
        return (*put[path][:3], "/".join(path))
    return ("file", draw(st.binary(max_size=20)), draw(st.sampled_from([0o644, 0o755])), None)


def entry(path, what):
    if what[0] == "folder":
        return path, tarfile.DIRTYPE, b"", 0o755
    if what[0] == "link":
        return path, tarfile.SYMTYPE, what[1], 0o777
    if what[3] is not None:
        return path, tarfile.LNKTYPE, what[3], 0o600
    return path, tarfile.REGTYPE, what[1], what[2]


@pytest.mark.property
@given(layers())
def test_the_view_equals_the_union(drawn):
    made, tree = drawn
    files = LayeredFiles(made)

    for path in PATHS:
        name, found = "/" + "/".join(path), tree.resolve(path)
        assert files.exists(name) == (found is not None), name
        assert files.is_folder(name) == (found is not None and found[1][0] == "folder"), name
        is_file = found is not None and found[1][0] == "file"
        is_program = is_file and bool(found[1][2] & 0o111)
        assert files.program(name) == ("/" + "/".join(found[0]) if is_program else None), name
        assert files.start_of(name, 100) == (found[1][1] if is_file else b""), name


@pytest.mark.property
@given(layers())
def test_metadata_in_a_folder_is_listed(drawn):
    made, tree = drawn
    files = LayeredFiles(made)

    for path in [(), *PATHS]:
        found = tree.resolve(path)
        real = found[0] if found is not None and found[1][0] == "folder" else None
        expected = {
            other[-1]
            for other in tree.at
            if real is not None and other[:-1] == real and other[-1].endswith(".dist-info")
        }
        listed = {name for name in files.names_in("/" + "/".join(path)) if name.endswith(".dist-info")}
        assert listed == expected, path
