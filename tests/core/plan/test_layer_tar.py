"""Tar streams: headers as tarfile writes them, one size of pieces, the same bytes wherever they are made."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.plan.blocks import in_blocks
from odahu_pack_core.plan.build_plan import FilesLayer
from odahu_pack_core.plan.files import ArtifactFile, Folder, Link, TextFile
from odahu_pack_core.plan.layer_tar import PlannedTar
from odahu_pack_core.plan.tar_header import FILE, FOLDER, LINK, header_size, tar_header
from tests.pythons import pyenv_pythons

MEBIBYTE = 1024**2
EIGHT_GIBIBYTES = 8 * 1024**3
REPOSITORY = Path(__file__).parents[3]
PYTHONS = pyenv_pythons("3.1*")

raw_names = st.binary(min_size=1, max_size=300).map(lambda raw: raw.translate(None, b"\0/")).filter(bool)
names = (
    raw_names.map(os.fsdecode)
    | st.sampled_from(
        ["a", "x" * 99, "x" * 100, "x" * 101, "é" * 50, "new\nline", "4 path=x\n", "\udcff", " "]
    )
).filter(lambda name: name not in {".", ".."})
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
targets = st.lists(names | st.just(".."), min_size=1, max_size=4).map("/".join)
modes = st.integers(0, 0o7777)
numbers = st.integers(0, 3000) | st.sampled_from([EIGHT_GIBIBYTES - 1, EIGHT_GIBIBYTES, 9**15])


def by_tarfile(name, kind, size, mode, time, link):
    entry = tarfile.TarInfo(name)
    entry.type, entry.size, entry.mode, entry.mtime, entry.linkname = kind, size, mode, time, link
    return entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


@pytest.mark.property
@given(name=paths, kind=st.sampled_from([FILE, FOLDER]), size=numbers, mode=modes, time=numbers)
def test_a_header_is_what_tarfile_writes(name, kind, size, mode, time):
    header = tar_header(name, kind, size=size, mode=mode, time=time)
    assert header == by_tarfile(name, kind, size, mode, time, "")
    assert header_size(name, kind, size=size, time=time) == len(header)


@pytest.mark.property
@given(name=paths, target=targets, time=numbers)
def test_a_links_header_is_what_tarfile_writes(name, target, time):
    header = tar_header(name, LINK, mode=0o777, time=time, link=target)
    assert header == by_tarfile(name, LINK, 0, 0o777, time, target)
    assert header_size(name, LINK, time=time, link=target) == len(header)


@pytest.mark.parametrize("length", [*range(80, 105), *range(980, 1005)])
def test_a_records_length_counts_itself(length):
    name = "x" * length + "é"
    with tarfile.open(fileobj=io.BytesIO(tar_header(name))) as archive:
        assert archive.getnames() == [name]


@pytest.mark.property
@given(pieces=st.lists(st.binary(max_size=50), max_size=20), size=st.integers(1, 40))
def test_blocks_hold_what_the_pieces_held(pieces, size):
    blocks = list(in_blocks(pieces, size))
    assert b"".join(blocks) == b"".join(pieces)
    assert all(len(block) == size for block in blocks[:-1])
    assert all(0 < len(block) <= size for block in blocks[-1:])


def test_a_block_that_fits_is_not_copied():
    piece = bytes(10)
    assert next(in_blocks([piece], 10)) is piece


def planned(tree):
    """Return the planned files of a tree: path to content, link target or mode of a folder."""
    for path, (kind, value, mode) in tree.items():
        if kind == FILE:
            yield TextFile(f"/{path}", value, mode)
        elif kind == LINK:
            yield Link(f"/{path}", value)
        else:
            yield Folder(f"/{path}", mode)


trees = st.dictionaries(
    names,  # one level, so that nothing is both a file and a folder
    st.tuples(st.just(FILE), st.binary(max_size=1500), modes)
    | st.tuples(st.just(LINK), targets, st.just(0o777))
    | st.tuples(st.just(FOLDER), st.none(), modes),
    max_size=6,
).map(lambda tree: {f"t/{name}": entry for name, entry in tree.items()})


@pytest.mark.property
@given(tree=trees, time=st.integers(0, 2**40))
def test_any_tree_is_read_back(tree, time):
    tar = FilesLayer.of("x", planned(tree)).tar(open, time)
    stream = b"".join(tar.chunks())
    assert len(stream) == tar.size
    read = {}
    with tarfile.open(fileobj=io.BytesIO(stream), encoding="utf-8", errors="surrogateescape") as archive:
        for member in archive:
            value = archive.extractfile(member).read() if member.isreg() else member.linkname or None
            read[member.name] = (member.type, value, member.mode)
            assert (member.mtime, member.uid, member.gid) == (time, 0, 0)
    assert read.pop("t", None) == ((FOLDER, None, 0o755) if tree else None)
    assert read == tree


ODD_TREE = {
    "t/" + "d" * 101: (FOLDER, None, 0o700),
    "t/" + "n" * 254: (FILE, b"long", 0o640),
    "t/\udcff\udc80": (FILE, b"undecoded", 0o644),
    "t/new\nline": (FILE, b"newline", 0o4755),
    "t/empty": (FOLDER, None, 0o1777),
    "t/é": (LINK, "../" * 60 + "\udcff", 0o777),
}


def test_odd_names_are_read_back_by_gnu_tar(tmp_path):
    stream = b"".join(FilesLayer.of("x", planned(ODD_TREE)).tar(open, 1_000_000_000).chunks())
    extract = ["tar", "--extract", "--preserve-permissions", "--directory", str(tmp_path)]
    subprocess.run(extract, input=stream, check=True)
    for path, (kind, value, mode) in ODD_TREE.items():
        there = tmp_path / path
        assert there.lstat().st_mtime == 1_000_000_000
        if kind == LINK:
            assert str(there.readlink()) == value
            continue
        assert there.stat().st_mode & 0o7777 == mode
        assert there.is_dir() if kind == FOLDER else there.read_bytes() == value


def test_all_chunks_but_the_last_have_one_size(tmp_path):
    sizes = [5, 3 * MEBIBYTE + 7, 0, 2 * MEBIBYTE - 512, 511, 513, 8 * MEBIBYTE]
    for number, size in enumerate(sizes):
        (tmp_path / str(number)).write_bytes(os.urandom(size))
    files = [ArtifactFile(f"/{number}", str(number), size) for number, size in enumerate(sizes)]
    tar = PlannedTar(files, lambda source: (tmp_path / source).open("rb"))
    chunks = list(tar.chunks())
    assert {len(chunk) for chunk in chunks[:-1]} == {MEBIBYTE}
    assert sum(map(len, chunks)) == tar.size
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        for number in range(len(sizes)):
            assert archive.extractfile(str(number)).read() == (tmp_path / str(number)).read_bytes()


def test_the_time_is_zero_unless_one_is_given():
    layer = FilesLayer.of("x", [TextFile("/a/b", b"x"), Link("/a/c", "b")])
    for time in (0, 1_700_000_000):
        stream = b"".join((layer.tar(open, time) if time else layer.tar(open)).chunks())
        with tarfile.open(fileobj=io.BytesIO(stream)) as archive:
            assert {member.mtime for member in archive} == {time}


MAKE = """
import hashlib
from odahu_pack_core.plan.build_plan import FilesLayer
from odahu_pack_core.plan.files import *
files = {TextFile("/a/" + name, name.encode("utf-8", "surrogateescape"), 0o4755)
         for name in ("x" * 120, "\\u00e9", "\\udcff", "b\\n", *map(str, range(50)))}
files |= {Link("/a/link", "t" * 200), Folder("/volume", 0o777)}
tar = FilesLayer.of("x", files).tar(open)
print(tar.size, hashlib.sha256(b"".join(tar.chunks())).hexdigest())
"""
MADE = "61952 375d478dcf7a2f82a35f8f60069488d31ff83398a404a4d8bc3ef7b1619bba88"


@pytest.mark.parametrize("python", [Path(sys.executable), *PYTHONS], ids=lambda python: python.parts[-3])
@pytest.mark.parametrize(
    ("seed", "zone", "umask"), [("0", "UTC", 0o022), ("7", "Pacific/Apia", 0o077)], ids=["plain", "odd"]
)
def test_the_bytes_are_the_same_wherever_they_are_made(tmp_path, python, seed, zone, umask):
    environ = {
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONHASHSEED": seed,
        "TZ": zone,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    made = subprocess.run(
        [python, "-c", MAKE],
        cwd=tmp_path,
        env=environ,
        umask=umask,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.strip() == MADE
