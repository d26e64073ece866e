"""Scratch folders: gone with their block, swept when their run was killed; nothing else is ever touched."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from odahu_pack_core.folders import cache_folder, home_folder, locked, scratch_folder

KILLED = """
import os, signal, sys
from pathlib import Path
from odahu_pack_core.folders import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "weights").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"ODAHU_PACK_CACHE_DIR": "/cache", "XDG_CACHE_HOME": "/shared", "HOME": "/home/ada"}, "/cache"),
        ({"XDG_CACHE_HOME": "/shared", "HOME": "/home/ada"}, "/shared/odahu-pack"),
        ({"XDG_CACHE_HOME": "shared", "HOME": "/home/ada"}, "/home/ada/.cache/odahu-pack"),
        ({"HOME": "", "XDG_CACHE_HOME": "/shared"}, "/shared/odahu-pack"),
    ],
)
def test_the_cache_is_where_the_environment_says(environ, folder):
    assert cache_folder(environ) == Path(folder)


def test_a_user_without_a_home_gets_the_root(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    monkeypatch.delenv("HOME", raising=False)
    assert home_folder({}) == Path("/")


def test_it_goes_away_with_its_block(tmp_path):
    with scratch_folder(tmp_path) as folder:
        (folder / "half").mkdir()
        assert list(tmp_path.iterdir()) == [folder]
    assert not list(tmp_path.iterdir())


def test_what_a_killed_run_left_is_swept_by_the_next(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    with scratch_folder(tmp_path) as mine:
        assert list(tmp_path.iterdir()) == [mine]
    assert not left.exists()


def test_a_folder_in_use_is_left_alone(tmp_path):
    with scratch_folder(tmp_path) as first, scratch_folder(tmp_path) as second:
        assert {first, second} == set(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["odahu-pack-registry-abcdefgh", "odahu-pack-scratch-abcdefgh", "odahu-pack-demo"]
)
def test_what_is_not_a_scratch_folder_of_ours_is_never_removed(tmp_path, name):
    precious = tmp_path / name / "precious"
    precious.mkdir(parents=True)
    with scratch_folder(tmp_path):
        assert precious.is_dir()
    assert precious.is_dir()


def test_a_link_is_never_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / ".odahu-pack-scratch").touch()
    parent = tmp_path / "parent"
    parent.mkdir()
    (parent / "odahu-pack-scratch-abcdefgh").symlink_to(precious)
    with scratch_folder(parent):
        pass
    assert (precious / ".odahu-pack-scratch").exists()


def test_a_lock_lets_one_through_at_a_time(tmp_path):
    waited, inside = threading.Event(), []

    def enter():
        with locked(tmp_path / "locks" / "one", waited.set):
            inside.append("second")

    with locked(tmp_path / "locks" / "one", pytest.fail):
        thread = threading.Thread(target=enter)
        thread.start()
        assert waited.wait(10)
        inside.append("first")
    thread.join(10)
    assert inside == ["first", "second"]
