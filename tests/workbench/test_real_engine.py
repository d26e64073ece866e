"""The engine is shared by its users, survives a crash's leftovers, and ends with its last user."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import docker
import pytest

from workbench import DockerEngine, WorkbenchError

pytestmark = pytest.mark.engine

# A second daemon must not touch the bridge and the packet filter of the first: a network of its own.
_APART = ("unshare", "--net")
_BROKEN = (*_APART, "sh", "-c", 'exec "$@" --storage-driver=no-such-driver', "sh")


@pytest.fixture
def apart():
    """The environment of an engine with a state folder of its own; its path is short, as sockets need."""
    if os.geteuid() != 0 or Path("/var/run/docker.sock").is_socket():
        pytest.skip("starting an engine needs root and a machine without one at the default socket")
    folder = Path(tempfile.mkdtemp(prefix="workbench-", dir="/tmp"))
    environ = {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"}
    yield {**environ, "ODAHU_PACK_WORKBENCH": str(folder)}
    DockerEngine({**environ, "ODAHU_PACK_WORKBENCH": str(folder)}).stop_if_idle(even_if_kept=True)
    shutil.rmtree(folder)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""  # a zombie has none
    except OSError:
        return False


def test_the_session_engine_answers_docker_py(engine):
    client = docker.DockerClient(base_url=engine.host)
    try:
        assert client.ping()
    finally:
        client.close()


def test_the_last_user_stops_the_engine(apart):
    first, second = DockerEngine(apart, _APART), DockerEngine(apart, _APART)
    with first:
        pid = first.daemon.pid()
        with second:
            assert second.host == first.host
            assert second.daemon.pid() == pid
        assert first.daemon.pid() == pid
        assert not first.stop_if_idle(even_if_kept=True)
    assert first.daemon.pid() is None
    assert not is_alive(pid)
    assert not Path(first.daemon.host.removeprefix("unix://")).exists()


def test_a_kept_engine_outlives_its_users_until_it_is_told(apart):
    engine = DockerEngine(apart, _APART)
    engine.keep()
    pid = engine.daemon.pid()
    with engine:
        assert engine.daemon.pid() == pid
    assert engine.daemon.pid() == pid
    assert not engine.stop_if_idle()
    assert engine.stop_if_idle(even_if_kept=True)
    assert engine.daemon.pid() is None


def test_leftovers_of_a_crash_do_not_stop_the_next_start(apart):
    engine = DockerEngine(apart, _APART)
    with engine:
        os.kill(engine.daemon.pid(), 9)
    run = engine.state.folder("run")
    (run / "dockerd.pid").write_text(str(os.getpid()))
    (run / "docker.sock").write_text("not even a socket")
    with engine:
        assert engine.daemon.pid() not in (None, os.getpid())


def test_an_engine_that_does_not_come_up_shows_its_log(apart):
    broken = DockerEngine(apart, _BROKEN)
    with pytest.raises(WorkbenchError, match="no-such-driver"), broken:
        pass
    assert broken.stop_if_idle()


def workbench(environ, *arguments):
    command = [sys.executable, "-m", "workbench", *arguments]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_commands_use_an_engine_that_is_named(engine, apart, tmp_path):
    assert workbench(engine.environ, "base", "debian") == "odahu-pack-workbench/debian-python:3.11\n"
    status = workbench(engine.environ, "status")
    assert f"engine            {engine.host}\n" in status
    assert "bases built       odahu-pack-workbench/debian-python:3.11" in status
    with DockerEngine(apart, _APART) as somebodys:
        stranger = {**somebodys.environ, "ODAHU_PACK_WORKBENCH": str(tmp_path)}
        assert workbench(stranger, "up") == f"export DOCKER_HOST={somebodys.host}\n"
        assert not (tmp_path / "run" / "dockerd.pid").exists()
        assert workbench(somebodys.environ, "up") == f"export DOCKER_HOST={somebodys.host}\n"
        pid = somebodys.daemon.pid()
    assert is_alive(pid)
    assert somebodys.stop_if_idle(even_if_kept=True)


def test_the_commands_leave_an_engine_in_use_alone_and_stop_an_idle_one(apart):
    with DockerEngine(apart, _APART) as engine:
        pid = engine.daemon.pid()
        assert "in use" in workbench(apart, "down", "--unless-kept")
        assert is_alive(pid)
        engine.keep()
    assert is_alive(pid)
    assert workbench(apart, "down") == "the engine is stopped\n"
    assert not is_alive(pid)
    assert "engine            none runs" in workbench(apart, "status")
