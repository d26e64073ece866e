"""Which Python of this machine makes byte code."""

import os
import sys

import pytest

from odahu_pack_core.command import CommandError, Outcome
from odahu_pack_core.environment.cache import Cache
from odahu_pack_core.environment.compiler import Compiler, CompilerSearch
from odahu_pack_core.environment.uv import HostPython

OWN = Compiler(HostPython.own().path, ".".join(map(str, sys.version_info[:3])))


class Machine:
    """A machine with interpreters, each of which tells a version."""

    def __init__(self, folder):
        self.folder = folder
        self.versions = {OWN.path: OWN.version}
        self.asked = []
        self.environ = {"PATH": f"{folder}/bin:relative:", "HOME": str(folder / "home")}

    def add(self, place, version, content=b"\x7fELF..."):
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.versions[str(path)] = version
        return str(path)

    def __call__(self, command):
        path = command.arguments[0]
        self.asked.append(path)
        version = self.versions[path]
        if version is None:
            raise CommandError("cannot run", code="cannot-run")
        return Outcome(0 if version else 1, f"{version}\n")

    def find(self, python):
        shared = (f"{self.folder}/local", f"{self.folder}/usr")
        return CompilerSearch(Cache(self.folder / "cache"), self.environ, self, shared).find(python)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_the_python_that_runs_this_is_found_and_asked_once(recorder, tmp_path):
    search = CompilerSearch(Cache(tmp_path), {"PATH": "", "HOME": str(tmp_path)}, recorder, ())
    assert search.find(HostPython.own().version) == OWN
    assert search.find(HostPython.own().version) == OWN
    assert len(recorder.commands) == 1


def test_there_may_be_none(machine):
    assert machine.find("3.99") is None
    assert machine.asked == [OWN.path]


@pytest.mark.parametrize(
    "place",
    [
        "local/python3.99",
        "usr/python3.99",
        "bin/python3.99",
        "home/.pyenv/versions/3.99.4/bin/python3.99",
        "home/.local/share/uv/python/cpython-3.99.4-linux-x86_64-gnu/bin/python3.99",
    ],
)
def test_where_pythons_are(machine, place):
    path = machine.add(place, "3.99.4")
    assert machine.find("3.99") == Compiler(path, "3.99.4")
    assert machine.find("3.9") is None


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("PYENV_ROOT", "elsewhere/versions/3.99.4/bin/python3.99"),
        ("XDG_DATA_HOME", "elsewhere/uv/python/cpython-3.99.4-x/bin/python3.99"),
        ("UV_PYTHON_INSTALL_DIR", "elsewhere/cpython-3.99.4-x/bin/python3.99"),
    ],
)
def test_variables_say_where_pythons_are(machine, name, place):
    path = machine.add(place, "3.99.4")
    assert machine.find("3.99") is None
    machine.environ[name] = str(machine.folder / "elsewhere")
    assert machine.find("3.99") == Compiler(path, "3.99.4")


def test_the_newest_is_taken_whatever_runs_this(machine):
    machine.add("bin/python3.99", "3.99.9")
    newest = machine.add("home/.pyenv/versions/3.99.10/bin/python3.99", "3.99.10")
    assert machine.find("3.99") == Compiler(newest, "3.99.10")


def test_what_all_users_have_comes_first_and_what_runs_this_last(machine, monkeypatch):
    own = machine.add("venv/python3.99", "3.99.12")
    monkeypatch.setattr(sys, "_base_executable", own, raising=False)
    assert machine.find("3.99") == Compiler(own, "3.99.12")
    users = machine.add("bin/python3.99", "3.99.9")
    assert machine.find("3.99") == Compiler(users, "3.99.9")
    machine.add("usr/python3.99", "3.99.2")
    shared = machine.add("local/python3.99", "3.99.4")
    assert machine.find("3.99") == Compiler(shared, "3.99.4")


def test_who_was_asked_is_not_asked_again_until_it_changes(machine):
    path = machine.add("bin/python3.99", "3.99.1")
    machine.find("3.99")
    machine.asked.clear()
    assert machine.find("3.99").version == "3.99.1"
    assert machine.asked == []
    machine.add("bin/python3.99", "3.99.2", b"\x7fELF another one")
    assert machine.find("3.99").version == "3.99.2"
    assert machine.asked == [path]


@pytest.mark.parametrize("version", ["", None, "PyPy", "2.7.18", "3.9.9"])
def test_what_is_none_or_cannot_be_run_is_passed_over(machine, version):
    machine.add("bin/python3.99", version)
    assert machine.find("3.99") is None


def test_scripts_that_choose_among_interpreters_are_not_run(machine):
    path = machine.add("bin/python3.99", "3.99.1", b"#!/bin/sh\nexec pyenv\n")
    assert machine.find("3.99") is None
    assert path not in machine.asked


def test_a_damaged_note_is_written_again(machine):
    machine.add("bin/python3.99", "3.99.1")
    machine.find("3.99")
    for note in (machine.folder / "cache" / "v1" / "pythons").glob("*.json"):
        note.write_text("rubbish")
    assert machine.find("3.99").version == "3.99.1"


def test_pythons_of_this_machine_tell_who_they_are(recorder, tmp_path):
    search = CompilerSearch(Cache(tmp_path), {**os.environ, "HOME": str(tmp_path)}, recorder)
    for minor in range(6, 15):
        found = search.find(f"3.{minor}")
        assert found is None or found.version.startswith(f"3.{minor}.")
