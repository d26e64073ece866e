"""What a test leaves behind is noticed; what it only seems to leave is not."""

import os
import subprocess
import sys

import pytest

from workbench.surroundings import Surroundings


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Surroundings.now()


def test_nothing_changed_is_no_leak(here):
    assert here.leaks() == []


def test_environment_variables_are_named_without_their_values(here, monkeypatch):
    monkeypatch.setenv("ADDED", "a secret")
    monkeypatch.setenv("PATH", "another secret")
    monkeypatch.delenv("HOME")
    leaks = here.leaks()
    assert [leak.split()[3] for leak in leaks] == ["ADDED", "HOME", "PATH"]
    assert "secret" not in str(leaks)


def test_new_files_in_the_current_folder_are_named(here):
    (here.folder / "result.json").touch()
    (here.folder / ".hypothesis").mkdir()
    assert here.leaks() == ["a new file in the current folder: result.json"]


def test_another_current_folder_is_a_leak(here, monkeypatch):
    (here.folder / "inner").mkdir()
    monkeypatch.chdir("inner")
    assert here.leaks() == [f"the current folder is {here.folder / 'inner'}, it was {here.folder}"]


def test_a_child_process_that_stays_is_a_leak(here, monkeypatch):
    monkeypatch.setattr("workbench.surroundings._PATIENCE_SECONDS", 0.1)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        (leak,) = here.leaks()
        assert leak.startswith(f"a child process is left: {child.pid} ")
        assert here.leaks(expected_children=frozenset({child.pid})) == []
        child.stdin.close()
    assert here.leaks() == []


def test_a_child_process_that_nobody_waited_for_is_a_leak(here, monkeypatch):
    monkeypatch.setattr("workbench.surroundings._PATIENCE_SECONDS", 0.1)
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert here.leaks() == [f"a child process is left: {pid} (ended, but nobody waited for it)"]
    os.waitpid(pid, 0)
    assert here.leaks() == []
