"""``local serve`` and ``local predict``: the program takes the place of the command."""

import ast
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from odahu_pack_core.environment.cache import Cache

COMMAND = [sys.executable, "-c", "from odahu_pack_core.cli import main; main()", "local"]
PACKAGING = """\
kind: ModelPackaging
id: stall
spec:
  integrationName: stall
  artifactName: wine
  arguments: {{port: {port}, opens: {opens}}}
  targets: [{{name: docker-push, connectionName: nowhere}}]
"""
PATIENCE = 30


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def environ(install, project, port, tmp_path):
    """Variables for a packager that serves on a free port; ``pack.yaml`` and ``work.yaml`` use it."""
    site = install("stall", Path(__file__).with_name("stall.py").read_text(encoding="utf-8"))
    for name, opens in (("pack", "true"), ("work", "false")):
        (project / f"{name}.yaml").write_text(PACKAGING.format(port=port, opens=opens), encoding="utf-8")
    paths = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": paths, "ODAHU_PACK_CACHE_DIR": str(tmp_path / "cache")}


def heed_signals():
    """Undo what the tests' own caller ignores."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def served(environ, port, *options):
    """Serve, and yield the process with what it answered first."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "-f", "pack.yaml", *options],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_signals,  # noqa: PLW1509  # no threads run in these tests
    )
    try:
        yield process, asked(port, process)
    finally:
        process.kill()
        process.communicate()


def asked(port, process):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as answer:
                return ast.literal_eval(answer.read().decode())
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_server_is_the_process_and_gets_its_signals(environ, port, number):
    with served(environ, port) as (process, (pid, host, _)):
        assert (pid, host) == (process.pid, "127.0.0.1")
        process.send_signal(number)
        assert process.wait(PATIENCE) == 70 + number


def test_an_edit_counts_with_the_next_start(environ, port, project):
    with served(environ, port) as (_, (*_, note)):
        assert note == (project / "wine" / "model" / "entrypoint.py").read_text()
    (project / "wine" / "model" / "entrypoint.py").write_text("edited = True\n")
    with served(environ, port) as (_, (*_, note)):
        assert note == "edited = True\n"


def test_another_port_and_address_may_be_asked_for(environ, port, project):
    text = (project / "pack.yaml").read_text().replace(f"port: {port}", "port: 1")
    (project / "pack.yaml").write_text(text)
    with served(environ, port, "--port", str(port), "--host", "0.0.0.0") as (_, (_, host, _)):
        assert host == "0.0.0.0"


def test_what_is_served_from_is_not_forgotten(environ, port):
    cache = Cache(Path(environ["ODAHU_PACK_CACHE_DIR"]))

    def programs():
        return [path for path in cache.folder_of("programs").iterdir() if path.is_dir()]

    with served(environ, port):
        cache.forget("programs", lambda _: True)
        assert len(programs()) == 1
    cache.forget("programs", lambda _: True)
    assert programs() == []


def test_nothing_of_python_is_left_in_the_program_but_what_is_held(tmp_path):
    become = (
        "from pathlib import Path; from odahu_pack_core.cli.running import become; "
        "from odahu_pack_core import LocalProgram; "
        f"become(LocalProgram(('/bin/sh', '-c', 'grep SigIgn /proc/self/status; ls /proc/self/fd'), "
        f"{{'PATH': '/bin:/usr/bin'}}, Path('/'), (Path({str(tmp_path)!r}),)))"
    )
    told = subprocess.run([sys.executable, "-c", become], capture_output=True, text=True, check=True).stdout
    ignored, *descriptors = told.split()[1:]
    assert int(ignored, 16) & (1 << (signal.SIGPIPE - 1)) == 0
    assert len(descriptors) == len(["0", "1", "2", "the folder", "that of ls"])


def work(environ, *words, **options):
    command = [*COMMAND, "predict", "-q", "-f", "work.yaml", *words]
    return subprocess.run(
        command, env=environ, input="some rows", capture_output=True, text=True, check=False, **options
    )


@pytest.mark.parametrize("words", [("--", "predict", "--x", "-"), ("predict", "--x", "-")])
def test_a_command_gets_words_stdin_and_its_exit_code_counts(environ, words):
    finished = work(environ, *words)
    assert finished.stdout == "['predict', '--x', '-'] some rows\n"
    assert (finished.returncode, finished.stderr) == (5, "")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("serve", "-f", "work.yaml"), 2, "an image of stall opens no port\nuse: odahuflowctl local predict"),
        (("predict", "-f", "pack.yaml"), 2, "an image of stall serves\nuse: odahuflowctl local serve"),
        (
            ("serve", "-f", "pack.yaml", "--env", "NOT_SET_ANYWHERE"),
            2,
            "--env NOT_SET_ANYWHERE: write NAME=VALUE",
        ),
        (("serve", "-f", "pack.yaml", "--env", "=x"), 2, "--env : write NAME=VALUE"),
        (("serve", "-f", "pack.yaml", "--python", "/bin/sh"), 2, "--python /bin/sh: this is no CPython"),
        (("serve", "-f", "pack.yaml", "--port", "70000"), 2, "70000 is not in the range"),
        (("serve", "-f", "pack.yaml", "--artifact", "nowhere"), 12, "there is no such file or folder"),
        (("serve", "--id", "other", "-f", "pack.yaml"), 10, "no ModelPackaging 'other'; known: stall"),
        (("serve",), 2, "no manifest is given"),
    ],
)
def test_a_mistake_is_told(environ, odahuflowctl, words, code, told):
    finished = odahuflowctl("local", *words, **environ)
    assert finished.code == code
    assert told in finished.err
    assert finished.out == ""


@pytest.mark.usefixtures("paper", "project")
def test_a_port_for_a_packager_that_takes_none(odahuflowctl):
    finished = odahuflowctl("local", "serve", "-f", "pack.yaml", "--artifact", "wine", "--port", "8080")
    assert finished.code == 2
    assert "paper has no argument port, so --port means nothing to it" in finished.err


@pytest.mark.usefixtures("paper", "project")
def test_a_plan_without_a_program_is_refused(odahuflowctl):
    finished = odahuflowctl("local", "predict", "-f", "pack.yaml", "--artifact", "wine")
    assert finished.code == 13
    assert (
        "paper cannot run without a container: its image starts the program of paper/base:1" in finished.err
    )
