"""Files that appear whole or not at all."""

from pathlib import Path

import pytest

from odahu_pack_core.engine.destination import whole_file
from odahu_pack_core.errors import EngineError


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


def test_a_file_that_cannot_grow_is_told_and_vanishes(tmp_path, small_files):
    def fill():
        with whole_file(tmp_path / "image.tar") as write:
            for _ in range(2 * small_files):
                write(b"x")

    with pytest.raises(EngineError, match=r"cannot write .*image\.tar: File too large"):
        fill()

    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told():
    with pytest.raises(EngineError, match="cannot write"), whole_file(Path("/proc/nowhere")):
        pass
