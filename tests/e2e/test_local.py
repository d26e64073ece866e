"""The wine example served and run on this machine, without a container, in the Python that it is for."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from odahu_pack_core import load_entities, prepare_local
from tests.docs.reading import REPOSITORY
from tests.e2e.parts import call
from tests.pythons import pyenv_pythons

pytestmark = pytest.mark.slow

WINE = REPOSITORY / "examples" / "wine"
LOCAL = [str(Path(sys.executable).with_name("odahuflowctl")), "local"]
PACKAGING = """\
kind: ModelPackaging
id: wine
spec:
  integrationName: {packager}
  artifactName: wine
  arguments: {arguments}
  targets: [{{name: docker-push, connectionName: nowhere}}]
"""
OWN = "{}.{}".format(*sys.version_info)
READY_SECONDS = 3.0  # less than one on an idle machine


@pytest.fixture(scope="module", params=[OWN, "3.8"])
def project(request, tmp_path_factory):
    """The wine model for a Python, and a packaging for each packager."""
    found = pyenv_pythons(f"{request.param}.*")
    if not found:
        pytest.skip(f"this machine has no Python {request.param}")
    folder = tmp_path_factory.mktemp("wine")
    train = [sys.executable, WINE / "train.py", "--output", folder]
    other = ["--python", request.param] if request.param != OWN else []
    environ = {**os.environ, "PATH": f"{found[-1].parent}{os.pathsep}{os.environ['PATH']}"} if other else None
    subprocess.run([*train, *other], env=environ, check=True)
    for name, arguments in (("docker-rest", "{threads: 2}"), ("docker-cli", "{}")):
        text = PACKAGING.format(packager=name, arguments=arguments)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def rows():
    return json.loads((WINE / "predicts.json").read_text())


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(project, port, *options, **environ):
    """Serve the model of a folder; yield address and process once it predicts."""
    log = project / "log.txt"
    command = [*LOCAL, "serve", "-v", "-f", project / "docker-rest.yaml", "--port", str(port), *options]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env={**os.environ, **environ})
    try:
        yield f"http://127.0.0.1:{port}", process, log
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def answer(address, process, rows, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None
        try:
            status, document = call(f"{address}/api/model/invoke", rows)
        except OSError:
            status = None
        if status == 200:
            return document
        time.sleep(0.02)
    raise AssertionError("no prediction")


def test_it_is_served_and_a_second_time_at_once(project, port, rows):
    with serving(project, port) as (address, process, log):
        first = answer(address, process, rows)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, log.read_text()
    started = time.monotonic()
    with serving(project, port, UV_OFFLINE="1", PATH="/nowhere") as (address, process, log):
        assert answer(address, process, rows) == first
        seconds = time.monotonic() - started
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert first["columns"] == ["predictions"]
    assert [round(row[0]) for row in first["prediction"]] == [0, 2]
    assert "uv |" not in log.read_text()
    assert seconds < READY_SECONDS + import_seconds(project)


def import_seconds(project):
    """Return how long the model takes to be imported and loaded, in the environment that was made for it."""
    (packaging,) = load_entities(project / "docker-rest.yaml")
    python = prepare_local(packaging, artifact=project / "wine").argv[0]
    started = time.monotonic()
    load = [python, "-c", "import entrypoint; entrypoint.init()"]
    subprocess.run(load, cwd=project / "wine" / "odahuflow_model", check=True)
    return time.monotonic() - started


def of_json(text):
    return [row[0] for row in json.loads(text)["prediction"]]


def of_csv(text):
    header, *lines = text.splitlines()
    assert header == "predictions"
    return [float(line) for line in lines]


@pytest.mark.parametrize(("kind", "read"), [("json", of_json), ("csv", of_csv)], ids=["JSON", "CSV"])
def test_its_command_predicts_files(project, rows, tmp_path, kind, read):
    (tmp_path / "out").mkdir()
    (tmp_path / "in.json").write_text(json.dumps(rows))
    lines = [rows["columns"], *rows["data"]]
    (tmp_path / "in.csv").write_text("".join(",".join(map(str, line)) + "\n" for line in lines))

    command = [*LOCAL, "predict", "-f", project / "docker-cli.yaml", "--artifact", project / "wine"]
    finished = subprocess.run([*command, "--", "predict", f"in.{kind}", "out"], cwd=tmp_path, check=False)

    assert finished.returncode == 0
    predicted = read((tmp_path / "out" / f"result.{kind}").read_text())
    assert [round(value) for value in predicted] == [0, 2]


def test_a_file_that_is_not_there_is_the_commands_own_fault(project, tmp_path):
    command = [
        *LOCAL,
        "predict",
        "-q",
        "-f",
        project / "docker-cli.yaml",
        "--",
        "predict",
        "nowhere.json",
        "out",
    ]
    finished = subprocess.run(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False)
    assert finished.returncode == 2
    assert "nowhere.json" in finished.stderr


def test_an_error_in_an_edit_is_told_with_its_place(project, port):
    entrypoint = project / "wine" / "odahuflow_model" / "entrypoint.py"
    written = entrypoint.read_text()
    try:
        entrypoint.write_text(written.replace("def init() -> str:", "def init() -> str:\n    oops"))
        with serving(project, port) as (_, process, log):
            assert process.wait(60) == 1
            told = log.read_text()
        assert "entrypoint.py" in told
        assert "NameError: name 'oops' is not defined" in told
    finally:
        entrypoint.write_text(written)
