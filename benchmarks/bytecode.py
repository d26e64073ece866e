"""How long a model server takes to start in a read-only container, with and without byte code."""

import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path

from benchmarks.ground import Ground, fresh_ground
from benchmarks.measure import BenchmarkError, Spread
from benchmarks.packaging import trained
from benchmarks.report import Figures

ROUNDS = 5
READY = "/readiness"
_SECONDS = 60.0
_AS_IN_PRODUCTION = ("--read-only", "--tmpfs", "/tmp", "--user", "12345:0", "--cap-drop", "ALL")
_IMPORT = """\
import time
began = time.process_time()
import sklearn.linear_model
print(time.process_time() - began)
"""
# The user of every image of ours is the one that the last line gives back.
_WITHOUT = """\
FROM {image}
USER 0:0
RUN find /opt/model -depth -name __pycache__ -exec rm -r {{}} +
USER 65532:0
"""


def run() -> Figures:
    """Start containers of one image and of the same image without its byte code, in turns."""
    with tempfile.TemporaryDirectory(prefix="odahu-pack-benchmark-") as scratch:
        folder = Path(scratch)
        model = trained(folder / "model", 0.05)
        (folder / "ground").mkdir()
        with fresh_ground(folder / "ground") as ground:
            images = dict(_images(ground, model))
            found = {title: _starts(ground, image) for title, image in images.items()}
            rows = [_row(title, starts) for title, starts in _in_turns(found).items()]
    return Figures(
        "bytecode",
        "Start of a model server, with and without byte code",
        ("Packages", "Seconds until the server is ready", "CPU seconds to import scikit-learn"),
        rows,
        (
            f"Medians (lowest to highest) of {ROUNDS} interleaved rounds, after one that is thrown away.",
            f"docker run {' '.join(_AS_IN_PRODUCTION)}: nothing can write byte code where there is none.",
            f"Ready: from the start of docker run until {READY} answers 200, looked at every 5 ms.",
            "The model: an elastic net on 13 features, with scikit-learn, SciPy, NumPy and joblib.",
        ),
    )


Starts = tuple[Callable[[], float], Callable[[], float]]


def _images(ground: Ground, model: Path) -> Iterator[tuple[str, str]]:
    ground.package(model)
    image = ground.pull()
    yield "with byte code", image
    without = f"{image.rpartition(':')[0]}:without-byte-code"
    ground.docker("build", "--quiet", "--tag", without, "-", text=_WITHOUT.format(image=image))
    ground.images.append(without)
    yield "without", without


def _starts(ground: Ground, image: str) -> Starts:
    return partial(_ready, ground, image), partial(_imported, ground, image)


def _in_turns(subjects: dict[str, Starts]) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {title: [] for title in subjects}
    for number in range(ROUNDS + 1):
        for title, (ready, imported) in subjects.items():
            seconds = ready(), imported()
            if number > 0:
                found[title].append(seconds)
    return found


def _row(title: str, starts: list[tuple[float, float]]) -> tuple[str, Spread, Spread]:
    ready, imported = zip(*starts, strict=True)
    return title, Spread.of(ready), Spread.of(imported)


def _imported(ground: Ground, image: str) -> float:
    options = ("--rm", *_AS_IN_PRODUCTION, "--entrypoint", "/opt/model/bin/python3")
    return float(ground.docker("run", *options, image, "-I", "-c", _IMPORT))


def _ready(ground: Ground, image: str) -> float:
    began = time.perf_counter()
    with _container(ground, image) as address:
        while time.perf_counter() - began < _SECONDS:
            if _answers(f"http://{address}{READY}"):
                return time.perf_counter() - began
            time.sleep(0.005)
    raise BenchmarkError(f"{image} was not ready after {_SECONDS:g} s")


@contextmanager
def _container(ground: Ground, image: str) -> Iterator[str]:
    name = ground.docker("run", "--detach", *_AS_IN_PRODUCTION, "--publish", "127.0.0.1::5000", image)
    try:
        yield ground.docker("port", name, "5000/tcp")
    finally:
        ground.docker("rm", "--force", name)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, urllib.error.URLError):
        return False
