"""Archives of every format: told apart by content, never trusted, nothing left behind."""

import errno
import gzip
import os
import random
import resource
import shutil
import socket
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odahu_pack_core.artifact import archive as archives_module
from odahu_pack_core.artifact import limits
from odahu_pack_core.artifact.gppi import gppi_reader
from odahu_pack_core.artifact.reading import open_artifact
from odahu_pack_core.errors import ArtifactError
from tests.core.artifact.archives import FORMATS, MODEL, TARS, Entry, tar, tar_gz, tar_zst, zipped
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
        gzip.compress(b""),
        gzip.compress(b"no tar"),
        b"\x1f\x8b",
        zstandard.compress(b"no tar" * 200),
        b"\x28\xb5\x2f\xfd",
    ],
)
def test_a_compressed_stream_that_holds_no_tar(refused, content):
    assert refused(content).code == "corrupt"


BIG = (*MODEL, Entry("weights", random.Random(1).randbytes(300_000)), Entry("last", b"z" * 1000))


@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
def test_an_archive_that_is_cut_off(refused, pack):
    whole = pack(BIG)
    end = len(whole) if pack is not tar else len(whole.rstrip(b"\0")) + 24
    for kept in (end - 1, end - 5, end * 9 // 10, end // 2, 20_000, 1536, 1024, 512, 300):
        assert refused(whole[:kept]).code in {"corrupt", "not-an-archive"}, kept


def test_a_tar_without_its_end_mark_is_cut_off(refused):
    whole = tar(MODEL)
    end = len(whole.rstrip(b"\0"))
    assert refused(whole[: -(-end // 512) * 512]).code == "corrupt"


@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
def test_one_wrong_byte_in_the_content_of_a_compressed_archive(refused, write, pack):
    whole = bytearray(pack(BIG))
    whole[150_000] ^= 0x55
    if pack is tar:
        with open_artifact(write(bytes(whole)), [ANYTHING]):  # a plain tar has no checksum over its content
            return
    assert refused(bytes(whole)).code == "corrupt"


def test_a_broken_header_is_not_the_end_of_a_tar(refused):
    whole = bytearray(tar(MODEL))
    whole[1024 + 20] ^= 0x55  # in the second header's name, so that its checksum is wrong
    assert refused(bytes(whole)).code == "corrupt"


@pytest.mark.property
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
@given(changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=8))
def test_whatever_is_broken_is_an_error_of_ours_or_still_an_artifact(write, pack, changes):
    whole = bytearray(pack(MODEL))
    for position, value in changes:
        whole[int(position * len(whole))] = value
    try:
        with open_artifact(write(bytes(whole)), [ANYTHING]) as artifact:
            assert artifact.entries is not None
    except ArtifactError as error:
        assert error.code != "unexpected"  # noqa: PT017  # not every example fails


@pytest.mark.parametrize("pack", [zipped, tar_gz, tar_zst])
def test_a_bomb_is_stopped_while_it_expands(refused, monkeypatch, pack):
    monkeypatch.setattr(limits, "_FREE_BYTES", 100_000)
    error = refused(pack([Entry(f"zeros{n}", bytes(300_000)) for n in range(20)]))
    assert error.code == "expands-too-far"
    assert "--max-expansion" in error.hint


@pytest.mark.parametrize("pack", [zipped, tar_gz, tar_zst])
def test_what_is_that_compressible_is_allowed_when_asked_for(write, monkeypatch, pack):
    monkeypatch.setattr(limits, "_FREE_BYTES", 100_000)
    content = pack([Entry("zeros", bytes(3_000_000))])
    with open_artifact(write(content), [ANYTHING], expansion=100_000) as artifact:
        assert artifact.entries[0].size == 3_000_000


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_a_bomb_behind_the_end_of_a_tar(refused, monkeypatch, compress):
    monkeypatch.setattr(limits, "_FREE_BYTES", 100_000)
    assert refused(compress(tar(MODEL) + bytes(8 * MIB))).code == "expands-too-far"


def test_a_bomb_of_sparse_holes(refused, monkeypatch):
    monkeypatch.setattr(limits, "_FREE_BYTES", 100_000)
    header = tarfile.TarInfo("holes")
    header.type = tarfile.GNUTYPE_SPARSE
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    block[386:410] = b"00000000000\0" * 2  # one empty piece at 0
    block[483:495] = b"77777777777\0"  # the size of it all: 8 GiB
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    assert refused(bytes(block) + bytes(1024)).code == "expands-too-far"


@pytest.mark.parametrize(
    "kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK]
)
def test_a_header_that_would_fill_the_memory(refused, kind):
    header = tarfile.TarInfo("header")
    header.type, header.size = kind, 60 * MIB
    started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    content = gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(60 * MIB), compresslevel=1)
    before = max(started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    error = refused(content)
    assert (error.code, error.message) == ("expands-too-far", "a header of the archive is too large")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30 * 1024


def test_headers_without_end(refused):
    header = tarfile.TarInfo("header")
    header.type, header.size = tarfile.XHDTYPE, 0
    assert refused(header.tobuf(tarfile.PAX_FORMAT) * 3000).code == "corrupt"


@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("name", ["a{}", "./"])
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_too_many_members(refused, monkeypatch, pack, name):
    monkeypatch.setattr(limits, "MOST_MEMBERS", 20)
    error = refused(pack([Entry(name.format(n), kind="d") for n in range(30)]))
    assert (error.code, error.message) == ("too-many-members", "the artifact has more than 20 members")


def test_too_many_members_of_a_folder(refused, monkeypatch, tmp_path):
    monkeypatch.setattr(limits, "MOST_MEMBERS", 20)
    (tmp_path / "model").mkdir()
    for number in range(21):
        (tmp_path / "model" / str(number)).touch()
    assert refused(tmp_path / "model").code == "too-many-members"


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


@pytest.fixture
def full_disk(scratch):
    """Let what is unpacked go to a disk of 256 kB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", scratch], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield scratch
        assert list(scratch.iterdir()) == []
    finally:
        subprocess.run(["umount", scratch], check=True)


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("pack", FORMATS.values(), ids=FORMATS)
def test_a_full_disk(write, pack):
    with pytest.raises(ArtifactError) as caught, open_artifact(write(pack(BIG)), [ANYTHING]):
        pass
    assert caught.value.code == "no-space"
    assert "no space is left in " in caught.value.message
    assert "TMPDIR" in caught.value.hint


def test_a_quota_is_a_full_disk(refused, monkeypatch):
    def write(*_):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(archives_module, "_copy", write)
    assert refused(tar(MODEL)).code == "no-space"


def test_nowhere_to_unpack(monkeypatch, refused, tmp_path):
    import tempfile  # noqa: PLC0415  # only its setting is changed

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    error = refused(tar(MODEL))
    assert (error.code, "TMPDIR" in error.hint) == ("no-space", True)


def test_a_failure_of_the_caller_leaves_nothing_behind(write):
    with pytest.raises(KeyboardInterrupt), open_artifact(write(tar(MODEL)), [ANYTHING]):
        raise KeyboardInterrupt
