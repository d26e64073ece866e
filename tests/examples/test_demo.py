"""The README's first command, as a user starts it, on the engine of the tests."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "demo"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the demo works; its environment is installed once."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture
def left_behind(engine):
    """List the containers and images of demos in the engine."""

    def list_them():
        containers = ["ps", "--all", "--quiet", "--filter", "label=odahu-pack-demo"]
        images = ["image", "ls", "--quiet", "--filter", "reference=*/demo/*"]
        return [
            subprocess.check_output(["docker", *each], env=engine.environ, text=True).split()
            for each in (containers, images)
        ]

    return list_them


def test_its_help_needs_nothing():
    told = subprocess.check_output([sys.executable, DEMO, "--help"], text=True)
    assert "--folder DIR" in told
    assert "wine" in told


@pytest.mark.engine
@pytest.mark.registry
@pytest.mark.slow
def test_it_shows_the_same_prediction_twice_and_cleans_up(folder, base_python, left_behind):
    base_python("{}.{}".format(*sys.version_info))
    ended = subprocess.run(
        [sys.executable, DEMO, "--folder", folder], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr + (folder / "log").read_text()
    answers = re.findall(r"(?:the image answers|the model itself) +(\{.*\})", ended.stdout)
    assert len(answers) == 2
    assert answers[0] == answers[1]
    assert len(re.findall(r"^ +\d+ .* \d+\.\d s ", ended.stdout, re.MULTILINE)) == 9
    assert left_behind() == [[], []]


@pytest.mark.engine
@pytest.mark.registry
@pytest.mark.slow
def test_it_stops_what_it_started_when_it_is_ended(folder, base_python, left_behind):
    base_python("{}.{}".format(*sys.version_info))
    command = [sys.executable, DEMO, "--folder", folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as demo:
        while "start the image" not in (line := demo.stdout.readline()):
            assert line, "the demo ended by itself"
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(timeout=60) == 143
    assert left_behind() == [[], []]
