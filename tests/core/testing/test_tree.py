"""The files of an image as its layers make them."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.plan.files import Folder, Link, TextFile
from odahu_pack_core.testing import ImageTree, TreeEntry, files_tar


def _layer(*members):
    """Return a tar stream of names, each with its content, a link's target or None for a folder."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            if content is None:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            elif isinstance(content, tuple):
                entry.type, entry.linkname = content
            else:
                entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content) if isinstance(content, bytes) else None)
    return stream.getvalue()


def _files(tree):
    return {path: entry.content for path, entry in tree.entries.items() if entry.kind == "file"}


LOWER = _layer(("a", None), ("a/one", b"1"), ("a/two", b"2"), ("a/deep", None), ("a/deep/three", b"3"))
SYMBOLIC, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE


@pytest.mark.parametrize(
    ("upper", "left"),
    [
        ([("./a/one", b"new")], {"/a/one": b"new", "/a/two": b"2", "/a/deep/three": b"3"}),
        ([("a/.wh.one", b"")], {"/a/two": b"2", "/a/deep/three": b"3"}),
        ([("a/.wh.deep", b"")], {"/a/one": b"1", "/a/two": b"2"}),
        ([(".wh.a", b"")], {}),
        ([("a/new", b"4"), ("a/.wh..wh..opq", b"")], {"/a/new": b"4"}),
        ([("a/deep", b"a file now")], {"/a/one": b"1", "/a/two": b"2", "/a/deep": b"a file now"}),
        ([("a", None)], {"/a/one": b"1", "/a/two": b"2", "/a/deep/three": b"3"}),
        ([("b", (HARD, "a/one"))], {"/a/one": b"1", "/a/two": b"2", "/a/deep/three": b"3", "/b": b"1"}),
    ],
)
def test_an_upper_layer_changes_a_lower_one(upper, left):
    assert _files(ImageTree.of([LOWER, _layer(*upper)])) == left


@pytest.mark.parametrize("target", ["usr/bin", "/usr/bin", "./usr/lib/../bin", "other"])
def test_an_entry_below_a_link_is_where_the_link_leads(target):
    lower = _layer(("usr/bin", None), ("other", (SYMBOLIC, "/usr/bin")), ("bin", (SYMBOLIC, target)))
    tree = ImageTree.of([lower, _layer(("bin/tool", b"tool"))])
    assert _files(tree) == {"/usr/bin/tool": b"tool"}


def test_links_in_a_circle_end():
    tree = ImageTree.of([_layer(("a", (SYMBOLIC, "b")), ("b", (SYMBOLIC, "a"))), _layer(("a/x", b"x"))])
    assert list(_files(tree).values()) == [b"x"]


_NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=120).filter(
    lambda name: name not in {".", ".."} and not name.startswith(".wh.")
)


@pytest.mark.property
@given(
    st.dictionaries(
        st.lists(_NAMES, min_size=1, max_size=4).map(tuple),
        st.one_of(
            st.binary(max_size=600).map(lambda content: TreeEntry("file", 0o640, content=content)),
            st.sampled_from([0o700, 0o755, 0o1777]).map(lambda mode: TreeEntry("folder", mode)),
            _NAMES.map(lambda target: TreeEntry("link", 0o777, target=target)),
        ),
        max_size=6,
    )
)
def test_planned_files_are_read_back_as_they_were_planned(planned):
    # What lies below something that is no folder cannot be planned.
    entries = {
        f"/{'/'.join(parts)}": entry
        for parts, entry in planned.items()
        if not any(parts[:end] in planned for end in range(1, len(parts)))
    }
    files = [_planned(path, entry) for path, entry in entries.items()]

    tree = ImageTree.of([b"".join(files_tar(files).chunks())])

    assert {path: tree[path] for path in entries} == entries
    assert all(
        entry == TreeEntry("folder", 0o755) for path, entry in tree.entries.items() if path not in entries
    )


def _planned(path, entry):
    if entry.kind == "folder":
        return Folder(path, entry.mode)
    if entry.kind == "link":
        return Link(path, entry.target)
    return TextFile(path, entry.content, entry.mode)
