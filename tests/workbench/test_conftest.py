"""What conftest.py promises about every test, shown on a small suite of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # each case is a run of pytest

ROOT = Path(__file__).parents[2]
SUITE = """
import os, subprocess, sys
from pathlib import Path
import pytest

def test_home(home):
    assert Path.home() == home and not any(home.iterdir())
    assert os.environ["DOCKER_CONFIG"].startswith(str(home))
    assert os.environ["DOCKER_HOST"].startswith(f"unix://{home}")
    assert os.environ["UV_CACHE_DIR"] == "/the/users/uv"
    assert "AWS_SECRET_ACCESS_KEY" not in os.environ
    assert os.environ["SSL_CERT_FILE"] == "/the/users/certificates"

def test_leaks_variable():
    os.environ["LEFT"] = "behind"

def test_leaks_file():
    Path("left-behind").touch()

def test_leaks_child():
    global child
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

@pytest.mark.engine
def test_real(engine):
    pass

@pytest.mark.slow
def test_slow():
    pass
"""


@pytest.fixture
def suite(tmp_path):
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "test_suite.py").write_text(SUITE)

    def run(*arguments, **variables):
        environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "UV_CACHE_DIR": "/the/users/uv",
            "SSL_CERT_FILE": "/the/users/certificates",
            "AWS_SECRET_ACCESS_KEY": "the user's",
            "ODAHU_PACK_REQUIRE_ENGINES": "",
            **variables,
        }
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-v",
            "test_suite.py",
            *arguments,
        ]
        return subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    return run


def test_a_plain_run_is_hermetic_and_catches_leaks(suite):
    told = suite(CI="", HYPOTHESIS_PROFILE="").stdout
    assert "hypothesis profile 'dev'" in told
    assert "2 deselected" in told
    assert "4 passed" in told, told  # a leak is found when the test itself is over
    assert "3 errors" in told
    assert "the environment variable LEFT has changed" in told
    assert "behind; " not in told
    assert "a new file in the current folder: left-behind" in told
    assert "a child process is left" in told


def test_a_missing_part_skips_with_its_reason(suite):
    profile = {"CI": "true", "HYPOTHESIS_PROFILE": ""}
    told = suite("--engines", "-k", "real or slow", DOCKER_HOST="unix:///nowhere.sock", **profile).stdout
    assert "hypothesis profile 'ci'" in told
    assert "1 passed, 1 skipped" in told
    assert "SKIPPED" in told
    assert "no engine answers at DOCKER_HOST=unix:///nowhere.sock" in told


def test_a_missing_part_fails_where_it_is_required(suite):
    required = {"ODAHU_PACK_REQUIRE_ENGINES": "1", "HYPOTHESIS_PROFILE": "thorough"}
    ended = suite("-k", "real", DOCKER_HOST="unix:///nowhere.sock", **required)
    assert "hypothesis profile 'thorough'" in ended.stdout
    assert ended.returncode == 1
    assert "no engine answers at DOCKER_HOST=unix:///nowhere.sock" in ended.stdout
