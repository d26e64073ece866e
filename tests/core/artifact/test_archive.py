"""Archives that are well made, and those that nobody should have made."""

import gzip
import os
import shutil
import socket
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from odahu_pack_core.artifact.gppi import gppi_reader
from odahu_pack_core.artifact.reading import open_artifact
from tests.core.artifact.archives import FORMATS, MODEL, TARS, Entry, tar, tar_gz, zipped
from tests.core.artifact.conftest import ANYTHING

MIB = 1024 * 1024


@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
def test_an_archive_is_known_by_its_content(write, scratch, pack):
    with open_artifact(write(pack(MODEL)), [gppi_reader()]) as artifact:
        assert artifact.root.is_relative_to(scratch)
        entries = {entry.path: entry for entry in artifact.entries}
        assert sorted(entries) == sorted(entry.name for entry in MODEL)
        assert entries["mlflow/run.sh"].executable
        assert not entries["mlflow/entrypoint.py"].executable
        assert entries["mlflow/latest"].link == "run.sh"
        assert entries["mlflow"].is_folder
        with artifact.open("mlflow/run.sh") as stream:
            assert stream.read() == b"#!/bin/sh\n"


def test_a_folder_is_used_where_it_is(tmp_path, write):
    shutil.unpack_archive(write(tar(MODEL)), tmp_path / "model", "tar", filter="data")
    with open_artifact(tmp_path / "model", [gppi_reader()]) as artifact:
        assert artifact.root == tmp_path / "model"
        assert artifact.version == "1.10"
    assert (tmp_path / "model" / "mlflow").is_dir()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_of_any_compression(write, compression):
    with open_artifact(write(zipped(MODEL, compression)), [gppi_reader()]) as artifact:
        assert artifact.name == "wine"


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_tar_of_any_dialect(write, form):
    with open_artifact(write(tar(MODEL, form)), [gppi_reader()]) as artifact:
        assert artifact.name == "wine"


def test_a_hard_link_is_a_file(write):
    entries = (Entry("a", b"content"), Entry("sub/b", kind="h", target="a"))
    with open_artifact(write(tar(entries)), [ANYTHING]) as artifact:
        assert [(entry.path, entry.size) for entry in artifact.entries] == [
            ("a", 7),
            ("sub", 0),
            ("sub/b", 7),
        ]


def test_several_frames_and_members_are_one_stream(write):
    stream = tar(MODEL)
    compress = zstandard.ZstdCompressor().compress
    for content in (
        compress(stream[:1000]) + compress(stream[1000:]),
        gzip.compress(stream[:1000]) + gzip.compress(stream[1000:]),
    ):
        with open_artifact(write(content), [gppi_reader()]) as artifact:
            assert artifact.name == "wine"


@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../evil", "unsafe-path"),
        ("a/../../evil", "unsafe-path"),
        ("a/..", "unsafe-path"),
        ("..", "unsafe-path"),
        ("/etc/evil", "unsafe-path"),
        ("//etc/evil", "unsafe-path"),
        ("..\\evil", "unsafe-path"),
        ("C:\\evil", "unsafe-path"),
        (".wh.passwd", "unsafe-path"),
        ("a/.wh..wh..opq", "unsafe-path"),
        ("d/" * 201 + "f", "unsafe-path"),
    ],
)
def test_a_path_that_leaves_the_tree(refused, pack, name, code):
    assert refused(pack((Entry("ok"), Entry(name, b"evil")))).code == code


@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize(
    "links",
    [
        pytest.param([Entry("a", kind="l", target="/etc/passwd")], id="absolute"),
        pytest.param([Entry("a", kind="l", target="../evil")], id="above"),
        pytest.param([Entry("d/a", kind="l", target="../../evil")], id="above from a folder"),
        pytest.param(
            [
                Entry("d/e/f", b""),
                Entry("a", kind="l", target="d/../.."),
            ],
            id="up through a folder",
        ),
        pytest.param(
            [Entry("a", kind="l", target="b/.."), Entry("b", kind="l", target=".")], id="through a link"
        ),
        pytest.param(
            [Entry("d/e/x"), Entry("a", kind="l", target="d/e"), Entry("b", kind="l", target="a/../../..")],
            id="chain",
        ),
        pytest.param(
            [Entry("a", kind="l", target="/tmp"), Entry("a/evil", kind="l", target="x")],
            id="link behind link",
        ),
        pytest.param(
            [Entry("a", kind="l", target="."), Entry("a/b", kind="l", target="x")], id="behind one inside"
        ),
        pytest.param([Entry("a", kind="l", target=".."), Entry("a/evil", b"x")], id="write through"),
        pytest.param([Entry("a", kind="l", target=".."), Entry("a/evil/", kind="d")], id="folder through"),
        pytest.param(
            [Entry("d", kind="l", target="/etc"), Entry("d/e/f", kind="l", target="x")], id="deep behind"
        ),
    ],
)
def test_a_link_that_leads_out_is_refused_and_nothing_is_written_through_it(refused, pack, links):
    assert refused(pack(links)).code in {"unsafe-link", "corrupt"}


@pytest.mark.parametrize("pack", TARS.values(), ids=TARS)
@pytest.mark.parametrize("target", ["/etc/passwd", "../evil", "nowhere", "."])
def test_a_hard_link_that_names_no_member(refused, pack, target):
    assert refused(pack([Entry("a", kind="h", target=target)])).code in {"unsafe-path", "corrupt"}


def test_a_hard_link_through_a_symbolic_one(refused):
    links = [Entry("a", kind="l", target="/etc"), Entry("b", kind="h", target="a/passwd")]
    assert refused(tar(links)).code == "corrupt"


@pytest.mark.parametrize("pack", TARS.values(), ids=TARS)
@pytest.mark.parametrize("kind", ["c", "b", "p"])
def test_a_device_or_pipe_of_a_tar(refused, pack, kind):
    assert refused(pack([Entry("a", kind=kind)])).code == "special-file"


@pytest.mark.parametrize("kind", ["c", "b", "p", "s"])
def test_a_device_pipe_or_socket_of_a_zip(refused, kind):
    assert refused(zipped([Entry("a", kind=kind)])).code == "special-file"


@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize(
    "entries",
    [
        [Entry("a", b"1"), Entry("a", b"2")],
        [Entry("a", b"1"), Entry("./a", b"2")],
        [Entry("a", b"1"), Entry("a", kind="l", target="b")],
        [Entry("a", b"1"), Entry("a", kind="d")],
        [Entry("a", kind="d"), Entry("a", b"1")],
        [Entry("a", b"1"), Entry("a/b", b"2")],
        [Entry("a", kind="l", target="b"), Entry("a", kind="l", target="c")],
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_two_members_of_one_name(refused, pack, entries):
    assert refused(pack(entries)).code == "corrupt"


def test_two_hard_links_of_one_name_say_which(refused):
    entries = [Entry("a", b"1"), Entry("b", b"2"), Entry("b", kind="h", target="a")]
    assert "two members are called 'b'" in refused(tar(entries)).message


@pytest.mark.parametrize("name", [b"caf\xe9", b"a\xff"])
def test_a_name_that_is_not_unicode(refused, name):
    stream = bytearray(tar([Entry("x" * len(name))]))
    stream[:512] = tarfile.TarInfo(name.decode("latin-1")).tobuf(tarfile.GNU_FORMAT, "latin-1", "strict")
    assert refused(bytes(stream)).code == "unsafe-path"


def test_an_encrypted_zip(refused, tmp_path):
    content = bytearray(zipped([Entry("secret.txt", b"x" * 100)]))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + at] |= 1
    error = refused(bytes(content))
    assert (error.code, "'secret.txt' is encrypted" in error.message) == ("encrypted", True)
    assert tmp_path.exists()


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"no archive at all", b"\x89PNG" * 200, b"BZh9" + b"x" * 600]
)
def test_no_archive(refused, content):
    assert refused(content).code == "not-an-archive"


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"", mtime=0),
        gzip.compress(b"no tar", mtime=0),
        b"\x1f\x8b",
        zstandard.compress(b"no tar" * 200),
        b"\x28\xb5\x2f\xfd",
    ],
)
def test_a_compressed_stream_that_holds_no_tar(refused, content):
    assert refused(content).code == "corrupt"


@pytest.mark.parametrize("kind", ["pipe", "socket", "link out", "link to nothing above", "name"])
def test_what_a_folder_must_not_hold(refused, tmp_path, kind):
    folder = tmp_path / "model"
    folder.mkdir()
    place = folder / "x"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(place))
    elif kind == "link out":
        place.symlink_to("/etc/passwd")
    elif kind == "link to nothing above":
        place.symlink_to("../../nothing")
    else:
        Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9")).touch()
    assert refused(folder).code in {"special-file", "unsafe-link", "unsafe-path"}


def test_links_inside_a_folder_are_kept(tmp_path):
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a").symlink_to("../b")
    (folder / "loop").symlink_to("loop")
    with open_artifact(folder, [ANYTHING]) as artifact:
        assert {entry.path: entry.link for entry in artifact.entries if entry.link} == {
            "sub/a": "../b",
            "loop": "loop",
        }


@pytest.mark.parametrize("path", ["missing", "a" * 300, "wine.zip/deeper", "with\0nul", "pipe"])
def test_a_path_without_an_artifact(refused, tmp_path, path):
    (tmp_path / "wine.zip").touch()
    os.mkfifo(tmp_path / "pipe")
    error = refused(tmp_path / path)
    assert (error.code, "there is no such file or folder" in error.message) == ("no-artifact", True)


def test_an_archive_wrapped_in_one_folder_says_so(gppi_refused):
    wrapped = [
        Entry(f"wine/{entry.name}", entry.content, entry.kind, entry.mode, entry.target) for entry in MODEL
    ]
    error = gppi_refused(tar_gz(wrapped))
    assert error.code == "unknown-artifact"
    assert error.hint == "the manifest must be at its root, not inside wine/"
    assert error.message.endswith("not a model artifact of kind gppi; at its root are: wine")


def test_a_foreign_archive_shows_what_it_holds(gppi_refused):
    error = gppi_refused(tar([Entry(f"file{n:02}") for n in range(11)] + [Entry("\x1b[31m")]))
    assert error.message.endswith(
        "at its root are: " + ", ".join(["'\\x1b[31m'", *(f"file{n:02}" for n in range(9))]) + ", …"
    )
    assert not error.hint


def test_an_empty_archive(gppi_refused):
    assert gppi_refused(tar_gz([])).message.endswith("at its root are: no files")
