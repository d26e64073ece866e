"""Files that appear whole or not at all."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from odahu_pack_core.engine.destination import check_free, whole_file, whole_folder
from odahu_pack_core.errors import EngineError
from tests.core.engine.parts import SMALL, small_files


def test_a_file_replaces_an_older_one_when_it_is_whole(tmp_path):
    dest = tmp_path / "image.tar"
    dest.write_bytes(b"old")

    with whole_file(dest) as write:
        write(b"new")
        assert dest.read_bytes() == b"old"

    assert dest.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [dest]


def test_a_file_that_is_not_finished_leaves_the_older_one(tmp_path):
    dest = tmp_path / "image.tar"
    dest.write_bytes(b"old")

    def half():
        with whole_file(dest) as write:
            write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()

    assert dest.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [dest]


def test_a_folder_in_the_way_is_named(tmp_path):
    with pytest.raises(EngineError, match="is a folder"), whole_file(tmp_path):
        pass


def test_a_file_that_cannot_grow_is_told_and_vanishes(tmp_path):
    def fill():
        with small_files(), whole_file(tmp_path / "image.tar") as write:
            for _ in range(2 * SMALL):
                write(b"x")

    with pytest.raises(EngineError, match=r"cannot write .*image\.tar: File too large"):
        fill()

    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told():
    with pytest.raises(EngineError, match="cannot write"), whole_file(Path("/proc/nowhere")):
        pass


KILLED = """
import os, signal, sys
from pathlib import Path
from odahu_pack_core.engine.destination import whole_file, whole_folder
if sys.argv[1] == "file":
    with whole_file(Path(sys.argv[2])) as write:
        write(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
with whole_folder(Path(sys.argv[2])) as folder:
    (folder / "half").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def be_killed(kind, dest):
    ended = subprocess.run([sys.executable, "-c", KILLED, kind, dest], check=False)
    assert ended.returncode == -signal.SIGKILL


def test_what_a_killed_run_left_of_a_file_goes_away(tmp_path):
    dest = tmp_path / "image [1].tar"
    be_killed("file", dest)
    (left,) = tmp_path.iterdir()
    assert left.read_bytes() in {b"", b"half"}
    with whole_file(dest) as write:
        write(b"new")
    assert list(tmp_path.iterdir()) == [dest]


@pytest.mark.parametrize("exists", [False, True])
def test_what_a_killed_run_left_of_a_folder_goes_away(tmp_path, exists):
    dest = tmp_path / "image"
    if exists:
        dest.mkdir()
    be_killed("folder", dest)
    check_free(dest, folder=True)
    with whole_folder(dest) as folder:
        (folder / "whole").touch()
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*")] == [
        Path("image"),
        Path("image/whole"),
    ]


def test_what_a_living_run_makes_and_what_others_made_stays(tmp_path):
    others = tmp_path / ".image.tar.mine.partial"
    others.touch()
    with whole_file(tmp_path / "image.tar") as first:
        first(b"first")
        with whole_file(tmp_path / "image.tar") as second:
            second(b"second")
        assert (tmp_path / "image.tar").read_bytes() == b"second"
    assert (tmp_path / "image.tar").read_bytes() == b"first"
    assert others.exists()


def test_the_current_folder_may_be_the_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_free(Path(), folder=True)
    with whole_folder(Path().absolute()) as folder:
        (folder / "whole").touch()
    assert list(tmp_path.iterdir()) == [tmp_path / "whole"]
