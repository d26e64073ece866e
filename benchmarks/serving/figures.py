"""The figures of servers, and what they say of odahu-pack."""

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.measure import Spread
from benchmarks.report import Cell, Figures, paragraphs
from benchmarks.serving.odahu_pack import BATCHING, TITLE
from benchmarks.serving.rounds import BATCH, Effort, Sample, samples

COLUMNS = (
    "What",
    "Requests/s",
    "Times as many by odahu-pack",
    "… with batching",
    "p50 ms",
    "p99 ms",
    "CPU ms per request",
    "PSS MiB",
)
_NOTES = f"""
Medians (lowest to highest) of {{rounds}} rounds, {{seconds}} s each; contenders take turns, and who begins
changes. Each is started, seen to predict rightly, warmed up, put under one load after the other while no
other runs, and ended. wrk with one thread sends the load over connections that stay open.

The model: an elastic net on 13 features with scikit-learn, which predicts a row in about 0.08 ms. One worker
in all, the same CPython, the same versions of scikit-learn and NumPy, no container. All write an access log
into a file, one line a request at least, which is checked.

All are sent the same 13 numbers a row as JSON: odahu-pack and the bare app {{{{"data": …}}}} without names
of columns, BentoML {{{{"rows": …}}}}, lists of lists; MLflow {{{{"dataframe_split": …}}}} with the names that
its signature asks for, which becomes a data frame, and with tensors {{{{"inputs": …}}}}.

MLflow: mlflow models serve --env-manager local, a model with a signature. BentoML: bentoml serve; with
batching: batchable=True, with its own defaults. Both as pip installs them. Bare ASGI app: predicts in its
own process, with uvicorn, uvloop, httptools and orjson. odahu-pack with batching: maxBatchSize {BATCH}.

CPU: of all processes of the server, without wrk's. PSS: memory of all processes of the server right
after the load; what several of them share counts once.
"""


def run(effort: Effort | None = None) -> Figures:
    """Put all contenders under load and compare them with odahu-pack."""
    effort = effort or Effort()
    return figures(list(samples(effort)), effort)


def figures(found: Sequence[Sample], effort: Effort) -> Figures:
    """Return the figures of some samples."""
    return Figures(
        "serving",
        "One worker that answers over HTTP, beside other model servers",
        COLUMNS,
        list(_rows(found)),
        paragraphs(_NOTES.format(rounds=effort.rounds, seconds=effort.seconds)),
    )


def _rows(found: Sequence[Sample]) -> Iterator[tuple[Cell, ...]]:
    for load in dict.fromkeys(each.load for each in found):
        by_contender = {
            who: [each for each in found if (each.load, each.contender) == (load, who)]
            for who in _in_order(each.contender for each in found)
        }
        rates = {who: _rates(its) for who, its in by_contender.items()}
        for who, its in by_contender.items():
            yield (
                f"{load}, {who}",
                rates[who],
                *(_times(rates.get(ours), rates[who]) for ours in (TITLE, f"{TITLE} {BATCHING}")),
                Spread.of([each.outcome.p50_ms for each in its]),
                Spread.of([each.outcome.p99_ms for each in its]),
                Spread.of([each.cpu_ms for each in its]),
                Spread.of([each.pss_mib for each in its]).median,
            )


def _rates(its: Iterable[Sample]) -> Spread:
    return Spread.of([each.outcome.rate for each in its])


def _times(ours: Spread | None, theirs: Spread) -> Cell:
    return ours.median / theirs.median if ours else ""


def _in_order(contenders: Iterable[str]) -> list[str]:
    """Return contenders once each: ours first, then by name."""
    return sorted(set(contenders), key=lambda who: (not who.startswith(TITLE), who))
