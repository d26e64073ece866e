"""Layers as tar streams: sorted, exact, the same every time, read back by tarfile."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.errors import ArtifactError, PlanError
from odahu_pack_core.plan.artifact import ArtifactEntry, ModelArtifact
from odahu_pack_core.plan.build_plan import FilesLayer
from odahu_pack_core.plan.files import ArtifactFile, Folder, Link, TextFile, in_layer_order
from odahu_pack_core.plan.layer_tar import PlannedTar, tar_end, tar_entry, tar_padding

GIBIBYTE = 1024**3


def unread(path):
    raise AssertionError(f"{path} is opened")


def stream_of(*files, open_artifact=unread):
    tar = FilesLayer.of("x", files).tar(open_artifact)
    stream = b"".join(tar.chunks())
    assert len(stream) == tar.size
    return stream


def members_of(stream):
    with tarfile.open(fileobj=io.BytesIO(stream)) as archive:
        return [
            (member, archive.extractfile(member).read() if member.isreg() else None) for member in archive
        ]


def test_a_layer_is_what_was_planned():
    stream = stream_of(
        TextFile("/opt/b/run.sh", b"#!/bin/sh\n", 0o755),
        Link("/opt/b/link", "../a"),
        Folder("/volume", 0o777),
        TextFile("/opt/a", b""),
    )
    shown = [(m.name, m.type, m.mode, m.size, m.linkname, content) for m, content in members_of(stream)]
    assert shown == [
        ("opt", tarfile.DIRTYPE, 0o755, 0, "", None),
        ("opt/a", tarfile.REGTYPE, 0o644, 0, "", b""),
        ("opt/b", tarfile.DIRTYPE, 0o755, 0, "", None),
        ("opt/b/link", tarfile.SYMTYPE, 0o777, 0, "../a", None),
        ("opt/b/run.sh", tarfile.REGTYPE, 0o755, 10, "", b"#!/bin/sh\n"),
        ("volume", tarfile.DIRTYPE, 0o777, 0, "", None),
    ]
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m, _ in members_of(stream)} == {(0, 0, 0, "", "")}


names = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="/\0"), min_size=1, max_size=150
).filter(lambda name: name not in {".", ".."})
trees = st.dictionaries(
    st.lists(names, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts)),
    st.binary(max_size=1500),
    max_size=6,
)


def _planned(tree):
    return [TextFile(path, content) for path, content in tree.items()]


@pytest.mark.property
@given(tree=trees, seed=st.randoms())
def test_any_tree_is_read_back_and_its_order_does_not_matter(tree, seed):
    files = _planned(tree)
    try:
        stream = stream_of(*files)
    except PlanError as error:
        assert "is both a file and a folder" in error.message  # noqa: PT017  # not every example fails
        return
    seed.shuffle(files)
    assert stream_of(*files) == stream
    read = members_of(stream)
    assert {f"/{member.name}": content for member, content in read if member.isreg()} == tree
    paths = [member.name.split("/") for member, _ in read]
    assert paths == sorted(paths)
    known = {()}
    for path in paths:
        assert tuple(path[:-1]) in known
        known.add(tuple(path))


def artifact_in(folder):
    return ModelArtifact("any", folder, (), "", "")


def test_a_file_of_the_artifact_is_streamed_in_small_pieces(tmp_path):
    (tmp_path / "weights").write_bytes(b"w" * (3 * 1024 * 1024 + 7))
    file = ArtifactFile("/m/weights", "weights", 3 * 1024 * 1024 + 7)
    tar = FilesLayer.of("x", [file]).tar(artifact_in(tmp_path).open)
    pieces = list(tar.chunks())
    assert max(map(len, pieces)) <= 1024 * 1024
    assert members_of(b"".join(pieces))[-1][1] == b"w" * file.size
    assert b"".join(tar.chunks()) == b"".join(pieces)


@pytest.mark.parametrize("now", [b"", b"shor", b"longer", b"x" * 2_000_000])
def test_a_file_that_changed_is_an_error_and_never_a_wrong_layer(tmp_path, now):
    (tmp_path / "weights").write_bytes(now)
    tar = FilesLayer.of("x", [ArtifactFile("/weights", "weights", 5)]).tar(artifact_in(tmp_path).open)
    with pytest.raises(ArtifactError, match="weights changed while it was packaged"):
        list(tar.chunks())


def test_a_file_that_is_gone_is_an_error(tmp_path):
    tar = FilesLayer.of("x", [ArtifactFile("/weights", "weights", 5)]).tar(artifact_in(tmp_path).open)
    with pytest.raises(ArtifactError, match="cannot read weights from the artifact: No such file"):
        list(tar.chunks())


@pytest.mark.parametrize("size", [0, 1, 512, 8 * GIBIBYTE - 1, 8 * GIBIBYTE, 70 * GIBIBYTE])
def test_the_header_of_a_huge_file(size):
    file = ArtifactFile("/weights", "weights", size)
    header = tar_entry("weights", size)
    with tarfile.open(fileobj=io.BytesIO(header), mode="r|") as archive:
        assert (archive.firstmember.name, archive.firstmember.size) == ("weights", size)
    padded = -(-size // 512) * 512
    assert PlannedTar([file], unread).size == len(header) + padded + 1024


def test_one_entry_by_hand():
    stream = tar_entry("Dockerfile", 5, 0o600) + b"hello" + tar_padding(5) + tar_end()
    ((member, content),) = members_of(stream)
    assert (member.name, member.mode, content) == ("Dockerfile", 0o600, b"hello")


@pytest.mark.parametrize("path", ["", "/", "a", "//a", "/a/", "/a//b", "/a/../b", "/./a", "/..", "/a\0b"])
def test_a_path_that_is_not_plain(path):
    with pytest.raises(PlanError, match="is not a plain absolute path"):
        in_layer_order([TextFile(path, b"")])


@pytest.mark.parametrize(
    "files",
    [
        (TextFile("/a", b"1"), TextFile("/a", b"2")),
        (TextFile("/a", b"1"), Folder("/a")),
        (TextFile("/a", b""), TextFile("/a/b", b"")),
        (Link("/a", "/etc"), TextFile("/a/b", b"")),
        (Folder("/a", 0o755), Folder("/a", 0o777)),
    ],
)
def test_two_things_at_one_path(files):
    for order in (files, files[::-1]):
        with pytest.raises(PlanError) as caught:
            in_layer_order(order)
        assert caught.value.code == "duplicate-file"


def test_one_thing_said_twice_is_one_thing():
    assert in_layer_order([TextFile("/a", b""), TextFile("/a", b"")]) == (TextFile("/a", b""),)


ENTRIES = (
    ArtifactEntry("run.sh", 10, executable=True),
    ArtifactEntry("sub", is_folder=True),
    ArtifactEntry("sub/link", link="../run.sh"),
)


def test_the_members_of_an_artifact_are_planned_below_a_folder(tmp_path):
    artifact = ModelArtifact("gppi", tmp_path, ENTRIES, "n", "1")
    assert artifact.planned("/opt/x") == (
        ArtifactFile("/opt/x/run.sh", "run.sh", 10, 0o755),
        Folder("/opt/x/sub"),
        Link("/opt/x/sub/link", "../run.sh"),
    )
    assert artifact.planned("/x", without=frozenset({"run.sh", "sub/link"})) == (Folder("/x/sub"),)
    assert (artifact.has("sub/link"), artifact.has("link")) == (True, False)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x" * (8 * 1024**2 + 1), "larger than"),
        ("folder", "Is a dir"),
    ],
)
def test_a_text_of_an_artifact_that_cannot_be_read(tmp_path, content, told):
    if content == "folder":
        (tmp_path / "text").mkdir()
    elif content is not None:
        (tmp_path / "text").write_bytes(content)
    with pytest.raises(ArtifactError, match=told):
        ModelArtifact("gppi", tmp_path, (), "n", "1").read_text("text")


def test_a_text_of_an_artifact(tmp_path):
    (tmp_path / "text").write_bytes(b"\xef\xbb\xbfcaf\xc3\xa9")
    assert ModelArtifact("gppi", tmp_path, (), "n", "1").read_text("text") == "café"
