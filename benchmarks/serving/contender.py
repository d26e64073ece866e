"""What every contender brings: a command that serves the model, and its own form of question and answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Rows = Sequence[Sequence[float]]
Command = Sequence[str | Path]


@dataclass(frozen=True)
class Contender:
    """A model server with one worker, which writes an access log.

    Args:
        title: What it is called in the figures.
        command: Returns the command that listens on a port of 127.0.0.1 in the foreground.
        path: Where predictions are asked for.
        question: Turns rows into what is posted as JSON.
        predictions: Takes a number for each row out of the answer's JSON.
        environ: Environment variables beside those of the benchmark.
        folder: Where the command starts.
    """

    title: str
    command: Callable[[int], Command]
    path: str
    question: Callable[[Rows], object]
    predictions: Callable[[Any], Sequence[float]]
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
