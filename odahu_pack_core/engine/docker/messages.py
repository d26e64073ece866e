"""The engine's progress messages as events, and the last lines of a build for its error."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from odahu_pack_core.events import EventSink, Output, Progress

from .client import JsonObject

_STEP: Final = re.compile(r"Step (\d+)/(\d+) : (.*)")
_ESCAPE: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_NOISE: Final = re.compile(r" ---> |Removing intermediate container ")
_MOST_LINES: Final = 20
_LONGEST: Final = 2000


@dataclass
class BuildLog:
    """What a build has printed so far.

    Args:
        emit: Receives a `Progress` for each step and an `Output` for each line.
    """

    emit: EventSink
    step: str = ""
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_MOST_LINES))
    _begun: str = ""

    def add(self, text: str) -> None:
        """Take in printed text, which may end in the middle of a line."""
        *whole, self._begun = (self._begun + text).split("\n")
        for line in whole:
            self._line(line.rstrip("\r")[:_LONGEST])
        self._begun = self._begun[:_LONGEST]

    def _line(self, line: str) -> None:
        line = _plain(line)
        if not line.strip():
            return
        if match := _STEP.fullmatch(line):
            self.step = f"step {match[1]} of {match[2]} ({match[3]})"
            self.lines.clear()
            self.emit(Progress("build", match[3], int(match[1]), int(match[2]), "steps"))
        elif not _NOISE.match(line):
            self.lines.append(line)
        self.emit(Output("docker", line))


def _plain(line: str) -> str:
    """Return a line as text that no terminal takes for commands."""
    text = _ESCAPE.sub("", line).expandtabs()
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def report_transfers(messages: Iterator[JsonObject], step: str, emit: EventSink) -> Iterator[JsonObject]:
    """Yield the messages of a push or pull, each layer's progress sent as events.

    Args:
        messages: What the engine says.
        step: The step of the run that this is part of.
        emit: Receives the events.
    """
    for message in messages:
        layer, detail = message.get("id"), message.get("progressDetail") or {}
        if layer and detail.get("current"):
            emit(
                Progress(
                    step, f"{layer} {message.get('status', '')}", detail["current"], detail.get("total", 0)
                )
            )
        elif layer and message.get("status"):
            emit(Output("docker", f"{layer}: {message['status']}"))
        yield message
