"""How long large weights take to the registry, beside the floor and beside Docker, and in how much memory."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.against.arena import Arena, fresh_arena
from benchmarks.against.by_hand import ByHand
from benchmarks.against.contender import seconds_of
from benchmarks.against.models import Model, project_of, with_weights
from benchmarks.against.odahu_pack import OdahuPack
from benchmarks.floor import floor_seconds
from benchmarks.measure import Spread, Usage, measured
from benchmarks.report import Cell, Figures, paragraphs

ROUNDS = 3
SIZES = {"10 MB": 10**7, "1 GB": 10**9, "4 GB": 4 * 10**9}
BESIDE_DOCKER = "1 GB"
_SMALL = 2**20
_COLUMNS = (
    "Weights",
    "Seconds",
    "Seconds of the floor",
    "Times the floor",
    "… less a run with nothing changed",
    "Seconds of Docker",
    "Peak MiB",
)
_NOTES = f"""
Medians (lowest to highest) of {ROUNDS} rounds in turns; ratios are of one round each.

The wine model with new weights that do not compress, from a folder to a registry on loopback; all but the
weights was packaged before. Seconds and memory are the whole command's, with its start.

The floor: read and SHA-256, then send the same file in one PUT, one after the other.

Docker: docker build with BuildKit, then docker push, of a Dockerfile that copies the weights last.
"""


@dataclass
class _Found:
    """What was measured with one size."""

    usages: list[Usage] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)
    docker: list[float] = field(default_factory=list)

    def row(self, title: str, idle: Sequence[float]) -> tuple[Cell, ...]:
        """Return the cells of a size.

        Args:
            title: Of the row.
            idle: How long a packaging took in each round where nothing had changed.
        """
        seconds = [usage.seconds for usage in self.usages]
        rounds = list(zip(seconds, self.floors, idle, strict=True))
        return (
            title,
            Spread.of(seconds),
            Spread.of(self.floors),
            Spread.of([ours / floor for ours, floor, _ in rounds]),
            Spread.of([(ours - start) / floor for ours, floor, start in rounds]),
            Spread.of(self.docker) if self.docker else "",
            Spread.of([usage.peak_mib for usage in self.usages]),
        )


def run() -> Figures:
    """Package models with weights of several sizes, in turns with the floor and with Docker."""
    found, idle = {title: _Found() for title in SIZES}, []
    with tempfile.TemporaryDirectory(prefix="odahu-pack-benchmark-") as scratch:
        folder = Path(scratch)
        project = project_of(folder / "trained", 0.05)
        models = {title: with_weights(project, folder / title, size=size) for title, size in SIZES.items()}
        (folder / "arena").mkdir()
        with fresh_arena(folder / "arena") as arena:
            first = with_weights(project, folder / "first")
            seconds_of(OdahuPack(arena).take_over(first), arena)
            seconds_of(ByHand(arena).take_over(first), arena)
            for _ in range(ROUNDS):
                idle.append(seconds_of(OdahuPack(arena).take_over(first), arena))
                for title, model in models.items():
                    _measure(arena, model, found[title], beside_docker=title == BESIDE_DOCKER)
    return Figures(
        "weights",
        "Large weights to a registry",
        _COLUMNS,
        [each.row(title, idle) for title, each in found.items()],
        paragraphs(_NOTES),
    )


def _measure(arena: Arena, model: Model, found: _Found, *, beside_docker: bool) -> None:
    (command,) = OdahuPack(arena).take_over(model)()
    with _new_weights(arena, model):
        found.usages.append(measured(command, arena.environ))
    with _new_weights(arena, model):
        found.floors.append(floor_seconds(model.weights, arena.registry))
    if beside_docker:
        packaging = ByHand(arena).take_over(model)
        with _new_weights(arena, model):
            found.docker.append(seconds_of(packaging, arena))


@contextmanager
def _new_weights(arena: Arena, model: Model) -> Iterator[None]:
    """Make the weights others than before; afterwards remove them from the registry's store."""
    with model.weights.open("r+b") as file:
        file.write(os.urandom(4096))
    before = set(arena.blobs())
    os.sync()  # or one waits for what another wrote
    try:
        yield
    finally:
        for blob in set(arena.blobs()) - before:
            if blob.stat().st_size > _SMALL:
                shutil.rmtree(blob.parent)
