"""Typed events of a run: what happens, what was decided and why, how far it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import ClassVar

from odahu_pack_core.values import dataclass


@dataclass(frozen=True)
class Event:
    """Base of all events; ``type`` names the kind in machine output."""

    type: ClassVar[str]

    def to_json(self) -> dict[str, object]:
        """Return the event as a JSON-able object, its ``type`` first."""
        return {"type": self.type, **dataclasses.asdict(self)}


@dataclass(frozen=True)
class StepStarted(Event):
    """A step of the run begins.

    Args:
        step: Short stable name: ``load``, ``artifact``, ``plan``, ``resolve``, ``environment``, ``build``.
        title: The step in words.
    """

    type: ClassVar[str] = "step-started"
    step: str
    title: str


@dataclass(frozen=True)
class StepFinished(Event):
    """A step ended well.

    Args:
        step: The name it started with.
        seconds: How long it took.
    """

    type: ClassVar[str] = "step-finished"
    step: str
    seconds: float


@dataclass(frozen=True)
class Decision(Event):
    """A choice that the product made for the user, and why.

    Args:
        subject: What was to be chosen, such as ``base image``.
        choice: What was chosen.
        reason: Why.
    """

    type: ClassVar[str] = "decision"
    subject: str
    choice: str
    reason: str


@dataclass(frozen=True)
class Progress(Event):
    """How far a step is.

    Args:
        step: What is done, in a word: ``layers``, ``build``, ``push``, ``save`` or ``load``.
        subject: What moves, such as a layer's name.
        done: Units done.
        total: Units in all; 0 when nobody knows.
        unit: ``bytes``, ``packages`` or another plural.
    """

    type: ClassVar[str] = "progress"
    step: str
    subject: str
    done: int
    total: int
    unit: str = "bytes"


@dataclass(frozen=True)
class Output(Event):
    """One line that a tool or an engine printed.

    Args:
        source: Who printed it.
        line: The line without its end, secrets redacted.
    """

    type: ClassVar[str] = "output"
    source: str
    line: str


@dataclass(frozen=True)
class Notice(Event):
    """Something the user should know; the run goes on.

    Args:
        message: What, in words.
        severity: ``note`` or ``warning``.
    """

    type: ClassVar[str] = "notice"
    message: str
    severity: str = "note"


@dataclass(frozen=True)
class RunFinished(Event):
    """The last event of a successful run.

    Args:
        results: ``status.results`` in order, as name and value pairs.
    """

    type: ClassVar[str] = "result"
    results: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, object]:
        """Return the event with its results as a list of name and value objects."""
        results = [{"name": name, "value": value} for name, value in self.results]
        return {"type": self.type, "state": "succeeded", "results": results}


@dataclass(frozen=True)
class RunFailed(Event):
    """The last event of a failed run.

    Args:
        error: The error's class name.
        code: Its stable code.
        message: Its words.
        hint: What to do.
        exit_code: The exit code of the command.
    """

    type: ClassVar[str] = "result"
    error: str
    code: str
    message: str
    hint: str
    exit_code: int

    def to_json(self) -> dict[str, object]:
        """Return the event with ``state`` beside its fields."""
        return {"type": self.type, "state": "failed", **dataclasses.asdict(self)}


EventSink = Callable[[Event], None]
"""Receives each event in order, on the thread that runs."""
