"""The README's first command, as a user starts it: an ordinary one without Docker, and one who has it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.signals import heed_interrupts

DEMO = Path(__file__).parents[2] / "demo"
DEBIANS_PYTHON = Path("/usr/bin/python3")
RUNTIMES = ("docker", "podman")
# What podman needs on a machine with cgroups of both versions and without CAP_SYS_RESOURCE.
CONTAINERS_CONF = """
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "runc"
"""
NOBODY = 54321
"""An id that the user database does not know, as containers are given."""


@pytest.fixture(scope="module")
def folder():
    """Where the demo works; its environment and base are made once. An ordinary user can reach it."""
    with tempfile.TemporaryDirectory(prefix="odahu-pack-demo-") as parent:
        Path(parent).chmod(0o755)
        home = Path(parent, "demo")
        home.mkdir()
        if os.geteuid() == 0:
            os.chown(home, NOBODY, NOBODY)
        yield home


@pytest.fixture(scope="module")
def own_folder(tmp_path_factory):
    """Where the demo works for the user who runs the tests."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def programs(folder):
    """Hold what /usr/bin holds, without the container runtimes."""
    bin_folder = folder.parent / "bin"
    bin_folder.mkdir()
    for program in Path("/usr/bin").iterdir():
        if program.name not in RUNTIMES:
            (bin_folder / program.name).symlink_to(program)
    return bin_folder


@pytest.fixture
def ordinary(folder, programs):
    """Give the command that an ordinary user types, who has neither home nor container runtime."""
    if shutil.which("apt-get") is None or not DEBIANS_PYTHON.exists():
        pytest.skip("the base is made of Debian packages")
    sources = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    environ = {**sources, "PATH": str(programs), "HOME": "/nonexistent"}
    as_user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    # A checkout in root's own home is out of everybody else's reach.
    reachable = all(parent.stat().st_mode & 0o001 for parent in DEMO.parents)
    command = as_user if os.geteuid() == 0 and reachable else []
    assignments = [f"{name}={value}" for name, value in environ.items()]
    return [*command, "env", "-i", *assignments, DEBIANS_PYTHON, DEMO, "--folder", folder]


@pytest.fixture
def podman(programs):
    """Give the environment variables of a user who has podman, with an empty store, and no Docker."""
    if shutil.which("podman") is None or os.geteuid() != 0:
        pytest.skip("podman is not installed, or not set up for ordinary users")
    # Its folder of running things must have a short path.
    with tempfile.TemporaryDirectory(prefix="podman-") as parent:
        places = f'graphroot = "{parent}/o"\nrunroot = "{parent}/r"\n'
        Path(parent, "storage.conf").write_text(f'[storage]\ndriver = "overlay"\n{places}')
        Path(parent, "containers.conf").write_text(CONTAINERS_CONF)
        Path(parent, "podman").symlink_to(shutil.which("podman"))
        yield {
            "PATH": f"{parent}:{programs}",
            "CONTAINERS_CONF": f"{parent}/containers.conf",
            "CONTAINERS_STORAGE_CONF": f"{parent}/storage.conf",
        }


@pytest.fixture
def left_behind(engine):
    """List the containers and images of demos in the engine."""

    def list_them():
        containers = ["ps", "--all", "--quiet", "--filter", "label=odahu-pack-demo"]
        images = ["image", "ls", "--quiet", "--filter", "reference=odahu-pack-demo/*"]
        return [
            subprocess.check_output(["docker", *each], env=engine.environ, text=True).split()
            for each in (containers, images)
        ]

    return list_them


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def check_story(ended, folder):
    assert ended.returncode == 0, ended.stdout + ended.stderr + (folder / "log").read_text()
    answers = re.findall(r"(?:the image answers|the model itself) +(\{.*\})", ended.stdout)
    assert len(answers) == 2
    assert answers[0] == answers[1]
    assert len(re.findall(r"^ +\d+ .* \d+\.\d s ", ended.stdout, re.MULTILINE)) == 7


def processes_of(folder):
    """Return the ids of processes that were started from a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder / "root") in words:
            found.append(process.name)
    return found


def test_its_help_needs_nothing():
    told = subprocess.check_output([sys.executable, DEMO, "--help"], text=True)
    assert "--folder DIR" in told
    assert "wine" in told


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    ended = run([sys.executable, DEMO, "--folder", tmp_path / "file" / "demo"])
    assert ended.returncode == 1
    assert "name another folder with --folder" in ended.stderr


@pytest.mark.slow
def test_an_ordinary_user_without_docker_sees_the_same_prediction_twice(ordinary, folder):
    ended = run(ordinary)

    check_story(ended, folder)
    assert re.search(r"no container runtime here: the image's own layers on this Python 3\.\d+", ended.stdout)
    shared, total = re.search(r"(\d+) of (\d+) blobs are those of the first image", ended.stdout).groups()
    assert int(total) - int(shared) == 3  # the layer with the weights, the config, the manifest
    assert processes_of(folder) == []


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_stops_what_it_started_when_it_is_ended(ordinary, folder, number, code):
    with subprocess.Popen(
        ordinary,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=heed_interrupts,  # noqa: PLW1509  # no threads run in this test
    ) as demo:
        while "start the image" not in (line := demo.stdout.readline()):
            assert line, "the demo ended by itself"
        demo.send_signal(number)
        assert demo.wait(timeout=60) == code
    until = time.monotonic() + 10
    while processes_of(folder) and time.monotonic() < until:
        time.sleep(0.1)
    assert processes_of(folder) == []


@pytest.mark.engine
@pytest.mark.slow
def test_where_docker_is_the_image_runs_in_it(own_folder, engine, left_behind):
    ended = run([DEBIANS_PYTHON, DEMO, "--folder", own_folder], env=engine.environ)

    check_story(ended, own_folder)
    assert re.search(r"start the image +\d+\.\d s +in Docker$", ended.stdout, re.MULTILINE)
    assert left_behind() == [[], []]


@pytest.mark.engine
@pytest.mark.slow
def test_where_podman_is_the_image_runs_in_it(own_folder, podman):
    ended = run([DEBIANS_PYTHON, DEMO, "--folder", own_folder], env=podman)

    check_story(ended, own_folder)
    assert re.search(r"start the image +\d+\.\d s +in podman$", ended.stdout, re.MULTILINE)
    for kind in ("container", "image"):
        left = run(["podman", kind, "ls", "--all", "--quiet"], env=podman)
        assert (left.returncode, left.stdout) == (0, "")
