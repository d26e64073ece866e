"""How long a container takes from ``docker run`` to its first answer, beside one that loads the model."""

import json
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.ground import Ground, fresh_ground
from benchmarks.measure import BenchmarkError, Spread
from benchmarks.report import Figures
from benchmarks.serving.model import ServedModel, served_model
from benchmarks.serving.running import free_port
from odahu_pack_core import ARTIFACT_ROOT, MODEL_PYTHON

ROUNDS = 9
MODEL_ONLY, FIRST_ANSWER, MORE = "init() has returned", "the server has answered", "more"
_SECONDS = 60.0
_PAUSE = 0.002
_OPTIONS = ("--read-only", "--tmpfs", "/tmp", "--user", "12345:0", "--cap-drop", "ALL")
_LOADED = b"loaded\n"
_INIT = f"import entrypoint; entrypoint.init(); print({_LOADED.decode().strip()!r}, flush=True)"


def run() -> Figures:
    """Start containers of one image in both ways, in turns."""
    with tempfile.TemporaryDirectory(prefix="odahu-pack-benchmark-") as scratch:
        folder = Path(scratch)
        model = served_model(folder / "model")
        (folder / "ground").mkdir()
        with fresh_ground(folder / "ground") as ground:
            ground.package(model.project)
            image = ground.pull()
            found = [_one_round(ground, image, model) for _ in range(ROUNDS + 1)][1:]
    loaded, answered = zip(*found, strict=True)
    more = [answer - load for load, answer in found]
    return Figures(
        "first_answer",
        "From docker run to the first answer",
        ("Until", "Seconds"),
        [(MODEL_ONLY, Spread.of(loaded)), (FIRST_ANSWER, Spread.of(answered)), (MORE, Spread.of(more))],
        (
            f"Medians (lowest to highest) of {ROUNDS} interleaved rounds, after one that is thrown away.",
            f"docker run {' '.join(_OPTIONS)}, of one image, with a published port.",
            "init() has returned: python3 -c 'import entrypoint; entrypoint.init()' has said so.",
            "Answered: a request for a prediction, tried every 2 ms, is answered with 200.",
            "The model: an elastic net on 13 features, with scikit-learn, SciPy, NumPy and joblib.",
        ),
    )


def _one_round(ground: Ground, image: str, model: ServedModel) -> tuple[float, float]:
    return _seconds_to_load(ground, image), _seconds_to_answer(ground, image, model)


def _seconds_to_load(ground: Ground, image: str) -> float:
    place = ("--workdir", f"{ARTIFACT_ROOT}/odahuflow_model", "--entrypoint", MODEL_PYTHON)
    began = time.perf_counter()
    with _container(ground, free_port(), (*place, image, "-c", _INIT)) as container:
        assert container.stdout is not None  # it was opened with a pipe
        if container.stdout.readline() != _LOADED:
            raise BenchmarkError("the model could not be loaded in a container")
        return time.perf_counter() - began


def _seconds_to_answer(ground: Ground, image: str, model: ServedModel) -> float:
    body = json.dumps({"data": model.rows[:1]})
    head = f"POST /api/model/invoke HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    port = free_port()
    began = time.perf_counter()
    with _container(ground, port, (image,)) as container:
        while container.poll() is None and time.perf_counter() - began < _SECONDS:
            if _answers(port, (head + body).encode()):
                return time.perf_counter() - began
            time.sleep(_PAUSE)
    raise BenchmarkError("a container does not answer")


@contextmanager
def _container(ground: Ground, port: int, words: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    name = f"odahu-pack-benchmark-{uuid.uuid4().hex[:8]}"
    publish = ("--publish", f"127.0.0.1:{port}:5000")
    with subprocess.Popen(
        ["docker", "run", "--name", name, *_OPTIONS, *publish, *words],
        env=dict(ground.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            ground.docker("rm", "--force", name)


def _answers(port: int, request: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(request)
            return connection.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False
