"""What is promised of the servers in images, held against figures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.serving.bare_asgi import TITLE as BARE
from benchmarks.serving.mlflow import TENSORS
from benchmarks.serving.odahu_pack import BATCHING, TITLE

Row = Mapping[str, Any]
_RATE, _P50, _P99, _MEMORY = "Requests/s", "p50 ms", "p99 ms", "PSS MiB"
_SINGLE, _BATCHED = {"MLflow": 20, "BentoML": 8}, {"MLflow": 50, "BentoML": 20}
_HUNDRED = {"MLflow": 15, "BentoML": 6}
_ONE, _LARGE = "1 row, 1 connection", "100 rows, 8 connections"
_BUSY = ("1 row, 8 connections", "1 row, 32 connections")


def kept_and_broken(rows: Sequence[Row]) -> Iterator[tuple[bool, str]]:
    """Hold figures against all promises.

    Args:
        rows: As the kept JSON has them.

    Yields:
        Whether a promise is kept, and what it is, with the figures.
    """
    table = _Table(rows)
    for load in _BUSY:
        yield from _times_as_many(table, load, TITLE, _SINGLE)
        yield from _times_as_many(table, load, f"{TITLE} {BATCHING}", _BATCHED)
    yield from _times_as_many(table, _LARGE, TITLE, _HUNDRED)
    yield _at_most(table.cell(_LARGE, BARE, _RATE), 2, table.cell(_LARGE, TITLE, _RATE))
    yield _at_most(table.cell(_ONE, TITLE, _P50), 2, table.cell(_ONE, BARE, _P50))
    for peer in table.contenders("MLflow", "BentoML"):
        yield _at_most(table.cell(_ONE, TITLE, _P99), 1, table.cell(_ONE, peer, _P99))
    for load in (_ONE, *_BUSY, _LARGE):
        for peer in table.contenders("BentoML"):
            yield _at_most(table.cell(load, TITLE, _MEMORY), 1, table.cell(load, peer, _MEMORY))


@dataclass(frozen=True)
class _Cell:
    what: str
    value: float


class _Table:
    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = {row["What"]: row for row in rows}

    def contenders(self, *names: str) -> list[str]:
        """Return all forms of some peers."""
        whole = (what.removeprefix(f"{_ONE}, ") for what in self._rows if what.startswith(f"{_ONE}, "))
        return [title for title in whole if title.startswith(names)]

    def cell(self, load: str, contender: str, column: str) -> _Cell:
        what = f"{load}, {contender}"
        found = self._rows[what][column]
        return _Cell(f"{column} of {what}", float(found["median"] if isinstance(found, dict) else found))


def _times_as_many(
    table: _Table, load: str, ours: str, least: Mapping[str, float]
) -> Iterator[tuple[bool, str]]:
    """Compare with a peer as it is usually run; with batching also with its own batching."""
    for name, times in least.items():
        for peer in table.contenders(name):
            if not peer.endswith(TENSORS) and (ours.endswith(BATCHING) or not peer.endswith(BATCHING)):
                yield _at_most(table.cell(load, peer, _RATE), 1 / times, table.cell(load, ours, _RATE))


def _at_most(one: _Cell, times: float, other: _Cell) -> tuple[bool, str]:
    said = f"{one.what} ({one.value:.4g}) is at most {times:.3g} times {other.what} ({other.value:.4g})"
    return one.value <= times * other.value, said
