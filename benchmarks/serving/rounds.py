"""The rounds: contenders take turns, and each is started, warmed up, put under every load alone, ended."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import BenchmarkError
from benchmarks.serving.bare_asgi import bare_asgi
from benchmarks.serving.bentoml import bentoml
from benchmarks.serving.contender import Contender
from benchmarks.serving.load import Load, Outcome, put_under
from benchmarks.serving.mlflow import mlflow
from benchmarks.serving.model import ServedModel, served_model
from benchmarks.serving.odahu_pack import odahu_pack
from benchmarks.serving.processes import held_by
from benchmarks.serving.running import Running, running

LOADS = (Load(1, 1), Load(1, 8), Load(1, 32), Load(100, 8))
BATCH = 32
_WARM_UP = Load(1, 8)


@dataclass(frozen=True)
class Effort:
    """How thoroughly is measured.

    Args:
        rounds: In how many turns.
        seconds: How long each load lasts.
        warm_up: How long the load lasts that is thrown away after each start.
    """

    rounds: int = 3
    seconds: int = 3
    warm_up: int = 1


@dataclass(frozen=True)
class Sample:
    """One contender under one load.

    Args:
        contender: Its title.
        load: What was asked.
        outcome: How it answered.
        cpu_ms: Processor time of all its processes for each request, in milliseconds.
        pss_mib: Memory of all its processes right after the load, in MiB.
    """

    contender: str
    load: Load
    outcome: Outcome
    cpu_ms: float
    pss_mib: float


Maker = Callable[[ServedModel, Path], Contender]
MAKERS: Mapping[str, Maker] = {
    "odahu-pack": odahu_pack,
    "odahu-pack-batching": lambda model, folder: odahu_pack(model, folder, batch=BATCH),
    "mlflow": mlflow,
    "mlflow-tensors": lambda model, folder: mlflow(model, folder, tensors=True),
    "bentoml": lambda model, folder: bentoml(model, folder, batching=False),
    "bentoml-batching": lambda model, folder: bentoml(model, folder, batching=True),
    "bare-asgi": bare_asgi,
}


def samples(effort: Effort, names: Sequence[str] = tuple(MAKERS)) -> Iterator[Sample]:
    """Measure contenders in turns; who begins changes from round to round.

    Args:
        effort: How thoroughly.
        names: Which of `MAKERS`.

    Raises:
        BenchmarkError: A contender failed, predicted wrongly, or wrote no access log.
    """
    with tempfile.TemporaryDirectory(prefix="odahu-pack-benchmark-") as scratch:
        folder = Path(scratch)
        model = served_model(folder / "model")
        contenders = []
        for name in names:
            (folder / name).mkdir()
            contenders.append(MAKERS[name](model, folder / name))
        for number in range(effort.rounds):
            first = number % len(contenders)
            for contender in (*contenders[first:], *contenders[:first]):
                with running(contender, folder, model.rows, model.predictions) as server:
                    yield from _turn(contender, server, model, effort)


def _turn(contender: Contender, server: Running, model: ServedModel, effort: Effort) -> Iterator[Sample]:
    _sample(contender, server, model, _WARM_UP, effort.warm_up)
    for load in LOADS:
        yield _sample(contender, server, model, load, effort.seconds)


def _sample(contender: Contender, server: Running, model: ServedModel, load: Load, seconds: int) -> Sample:
    body = server.log.with_suffix(".json")
    body.write_text(json.dumps(contender.question(model.rows[: load.rows])))
    before, lines = held_by(server.pid), server.logged()
    outcome = put_under(server.url, body, load, seconds)
    after = held_by(server.pid)
    if not server.logs_another(outcome.requests, since=lines):
        raise BenchmarkError(f"{contender.title} did not log every request")
    cpu_ms = (after.cpu_seconds - before.cpu_seconds) / outcome.requests * 1000
    return Sample(contender.title, load, outcome, cpu_ms, after.pss_mib)
