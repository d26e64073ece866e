"""Signals, gone readers and full outputs: how a run ends from outside."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "from odahu_pack_core.cli import main; main()"]
RUN = [*COMMAND, "local", "pack", "run", "-f", "pack.yaml"]


@pytest.fixture
def environ(paper, project, tmp_path):
    """Variables of a run that waits in the engine; its artifact is an archive that must be unpacked."""
    shutil.make_archive("wine", "zip", project / "wine")
    shutil.rmtree(project / "wine")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(paper), os.environ.get("PYTHONPATH", "")]),
        "PAPER_ENGINE": "wait",
        "PAPER_READY": str(tmp_path / "ready"),
        "TMPDIR": str(scratch),
    }


def wait_for(path, process):
    deadline = time.monotonic() + 30
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def heed_signals():
    """Undo what the tests' own caller ignores: a job in the background ignores SIGINT, nohup SIGHUP."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_with_130_and_leaves_nothing_behind(environ, number):
    process = subprocess.Popen(
        [*RUN, "--events", "json"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_signals,  # noqa: PLW1509  # no threads run in this test
    )
    wait_for(Path(environ["PAPER_READY"]), process)
    assert list(Path(environ["TMPDIR"]).iterdir())
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "Error: interrupted\n")
    last = json.loads(out.splitlines()[-1])
    assert (last["type"], last["state"], last["exit_code"]) == ("result", "failed", 130)
    assert list(Path(environ["TMPDIR"]).iterdir()) == []


def test_a_signal_that_the_caller_ignores_stays_ignored(environ):
    environ["PAPER_ENGINE"] = ""
    process = subprocess.run(
        ["/bin/sh", "-c", 'trap "" HUP; "$@" & kill -HUP $!; wait $!', "sh", *RUN],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize("words", [["plugins"], ["--help"]])
def test_a_reader_who_has_gone_is_no_error(environ, words):
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [*COMMAND, *words], env=environ, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (process.returncode, process.stderr) == (141, b"")


def test_a_reader_who_goes_stops_the_run(environ):
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [*RUN, "--events", "json"],
        env=environ,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
        timeout=30,
    )
    os.close(writing)
    assert (process.returncode, process.stderr) == (141, b"")
    assert list(Path(environ["TMPDIR"]).iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_that_cannot_be_written_is_an_error(environ):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        process = subprocess.run(
            [*COMMAND, "plugins"], env=environ, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert process.returncode == 1
    assert process.stderr == "Error: cannot write to standard output: No space left on device\n"
