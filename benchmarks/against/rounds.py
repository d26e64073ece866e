"""The rounds: every contender cold, then with other weights, with nothing changed, with a second model."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.against.arena import Arena, fresh_arena
from benchmarks.against.bentoml import Bentoml
from benchmarks.against.by_hand import ByHand
from benchmarks.against.contender import Contender, Packaging, seconds_of
from benchmarks.against.mlflow import Mlflow
from benchmarks.against.models import project_of, with_weights
from benchmarks.against.odahu_pack import OdahuPack

ROUNDS = 3
TURNS = 2
"""How often each round measures what is quick."""


@dataclass(frozen=True)
class Sample:
    """One packaging.

    Args:
        scenario: What had changed.
        contender: Who packaged.
        seconds: From the first command's start to the last one's end.
        sent: By how many bytes the registry's store grew.
    """

    scenario: str
    contender: str
    seconds: float
    sent: int


def samples(rounds: int = ROUNDS) -> Iterator[Sample]:
    """Measure every contender in every scenario, in turns; who begins changes from round to round."""
    kinds = (OdahuPack, Mlflow, Bentoml, ByHand)
    for number in range(rounds):
        first = number % len(kinds)
        with tempfile.TemporaryDirectory(prefix="odahu-pack-benchmark-") as scratch:
            (Path(scratch) / "arena").mkdir()
            with fresh_arena(Path(scratch) / "arena") as arena:
                contenders = [kind(arena) for kind in (*kinds[first:], *kinds[:first])]
                yield from _Round(arena, contenders, Path(scratch)).samples()


class _Round:
    def __init__(self, arena: Arena, contenders: Sequence[Contender], folder: Path) -> None:
        self._arena = arena
        self._contenders = contenders
        self._folder = folder
        self._projects = [project_of(folder / "first", 0.05), project_of(folder / "other", 0.2)]
        self._made = 0

    def samples(self) -> Iterator[Sample]:
        yield from self._each("cold", self._taken_over())
        for _ in range(TURNS):
            packagings = self._taken_over()
            yield from self._each("weights changed", packagings)
            yield from self._each("nothing changed", packagings)
        yield from self._each("second model", self._taken_over("second"))

    def _taken_over(self, name: str = "wine") -> list[Packaging]:
        self._made += 1
        project = self._projects[self._made % 2]
        model = with_weights(project, self._folder / f"model-{self._made}", name)
        return [contender.take_over(model) for contender in self._contenders]

    def _each(self, scenario: str, packagings: list[Packaging]) -> Iterator[Sample]:
        for contender, packaging in zip(self._contenders, packagings, strict=True):
            os.sync()  # or one contender waits for what another wrote
            before = self._arena.stored_bytes()
            seconds = seconds_of(packaging, self._arena)
            yield Sample(scenario, contender.title, seconds, self._arena.stored_bytes() - before)
