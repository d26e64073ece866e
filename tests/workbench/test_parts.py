"""What the parts decide before anything starts: folders, programs, passwords, clear refusals."""

import ctypes
import os
import pwd
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from workbench import DockerEngine, PartMissingError, Registry, WorkbenchError, packages
from workbench.command import locate, run
from workbench.daemon import Daemon
from workbench.registry import bcrypt_hash
from workbench.state import StateFolder

ROOT = Path(__file__).parents[2]


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a shell script on PATH, before all others."""

    def plant(name, script):
        file = tmp_path / "planted" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(stat.S_IRWXU)
        monkeypatch.setenv("PATH", f"{file.parent}:{os.environ['PATH']}")

    return plant


def test_a_bare_interpreter_can_show_the_help():
    script = "import sys; sys.path.append(sys.argv[1]); from workbench.__main__ import main; main(['--help'])"
    command = [sys.executable, "-I", "-S", "-c", script, str(ROOT)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    for command in ("install", "up", "down", "status", "base", "registry"):
        assert re.search(rf"^ +{command} ", told.stdout, re.MULTILINE)


def test_the_state_folder_is_named_or_in_the_users_own_home_whatever_home_says():
    users_home = Path(pwd.getpwuid(os.geteuid()).pw_dir)
    assert StateFolder.of({"HOME": "/h"}).path == users_home / ".cache" / "odahu-pack-workbench"
    assert StateFolder.of({"HOME": "/h", "ODAHU_PACK_WORKBENCH": "/w"}).path == Path("/w")


def test_a_state_folder_too_deep_for_sockets_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(PartMissingError, match=r"too long .* ODAHU_PACK_WORKBENCH"):
        Daemon(StateFolder(tmp_path / ("d" * 60)), {}).start()


def test_only_root_starts_an_engine(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PartMissingError, match="only root can start an engine"):
        Daemon(StateFolder(tmp_path), {}).start()


def test_a_missing_program_says_how_to_get_it(monkeypatch):
    with pytest.raises(PartMissingError, match=r"no-such-program is not installed: run .*workbench install"):
        locate("no-such-program")
    monkeypatch.setenv("PATH", "")
    assert locate("ldconfig").endswith("/sbin/ldconfig")


def test_a_failing_program_is_quoted_and_a_slow_one_ended():
    with pytest.raises(WorkbenchError, match=r"(?s)`sh -c .*exit code 3:\nout\nerr"):
        run(["sh", "-c", "echo out; echo err >&2; exit 3"], environ={})
    with pytest.raises(WorkbenchError, match="longer than"):
        run(["sleep", "60"], environ={}, timeout=0.1)
    assert run(["sh", "-c", "cat; echo $ONLY"], environ={"ONLY": "this"}) == "this"


def test_bcrypt_hashes_are_salted_and_check_out():
    first, second = bcrypt_hash("pässword"), bcrypt_hash("pässword")
    assert first != second
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    assert crypt("pässword".encode(), first.encode()) == first.encode()
    assert crypt(b"password", first.encode()) != first.encode()


def test_a_registry_makes_up_a_password_only_for_a_user():
    assert Registry().password is None
    assert Registry(username="u").password != Registry(username="u").password
    assert Registry(username="u", password="p").password == "p"


@pytest.mark.parametrize("content", ["", "nonsense", "4194304999", pytest.param(str(os.getpid()), id="ours")])
def test_a_stale_pid_file_is_no_running_daemon(tmp_path, content):
    daemon = Daemon(StateFolder(tmp_path), {})
    assert daemon.pid() is None
    (tmp_path / "run").mkdir(exist_ok=True)
    (tmp_path / "run" / "dockerd.pid").write_text(content)
    assert daemon.pid() is None


def test_an_engine_that_is_named_but_does_not_answer_is_missing(home):
    named = {"HOME": "/h", "DOCKER_HOST": f"unix://{home}/nothing.sock"}
    with pytest.raises(PartMissingError, match=r"no engine answers at DOCKER_HOST=unix://.*/nothing.sock"):
        DockerEngine(named).borrowed()


def test_only_missing_packages_are_installed(program, monkeypatch, tmp_path):
    program("apt-get", f'echo "$@" >> {tmp_path}/calls')
    monkeypatch.setattr(packages, "PACKAGES", {"sh": "dash", "no-such-b": "b", "no-such-a": "a"})
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert packages.install() == ("a", "b")
    update, install = (tmp_path / "calls").read_text().splitlines()
    assert update.startswith("update ")
    assert install.endswith(" --no-install-recommends a b")


def test_only_root_installs_and_only_when_something_is_missing(program, monkeypatch):
    program("apt-get", "exit 1")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(packages, "PACKAGES", {"sh": "dash"})
    assert packages.install() == ()
    monkeypatch.setattr(packages, "PACKAGES", {"no-such-program": "some-package"})
    with pytest.raises(PartMissingError, match="only root can install some-package"):
        packages.install()
