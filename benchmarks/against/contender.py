"""What every contender does: take over a model as its users have it, and bring it into the registry."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from benchmarks.against.arena import Arena
from benchmarks.against.models import Model
from benchmarks.measure import measured

Command = Sequence[str | Path]
Packaging = Callable[[], Iterable[Command]]
"""Returns what a user types to have an image of one model in the registry, under a new tag each time."""


class Contender(Protocol):
    """A way to make images of models, for one round.

    Args:
        title: What it is called in the figures.
    """

    title: str

    def take_over(self, model: Model) -> Packaging:
        """Bring a model into the form in which this contender's users have it; this is not measured."""


def seconds_of(packaging: Packaging, arena: Arena) -> float:
    """Package and return the time that the commands took, one after the other."""
    return sum(measured(command, arena.environ).seconds for command in packaging())
