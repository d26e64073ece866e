"""What a build prints, as events, and its last lines for the error of a build that failed."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import EventSink, Output, Progress

_ESCAPE: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_MOST_LINES: Final = 20
_LONGEST: Final = 2000


@dataclass(frozen=True)
class LogWords:
    """How an engine writes its log.

    Args:
        source: The engine's name in events.
        step: What a line that begins a step looks like: its number, how many there are, its instruction.
        noise: How lines begin that nobody needs to see in an error.
    """

    source: str
    step: re.Pattern[str]
    noise: re.Pattern[str]


@dataclass
class BuildLog:
    """What a build has printed so far.

    Args:
        words: How the engine writes it.
        emit: Receives a `Progress` for each step and an `Output` for each line.
    """

    words: LogWords
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

    def failed(self, reason: str) -> EngineError:
        """Return the error of a build that failed, with the step it was at and the last lines."""
        where = f" at {self.step}" if self.step else ""
        lines = "".join(f"\n  {line}" for line in self.lines)
        return EngineError(f"the build failed{where}: {reason}{lines}", code="build-failed")

    def _line(self, line: str) -> None:
        line = _plain(line)
        if not line.strip():
            return
        if match := self.words.step.fullmatch(line):
            self.step = f"step {match[1]} of {match[2]} ({match[3]})"
            self.lines.clear()
            self.emit(Progress("build", match[3], int(match[1]), int(match[2]), "steps"))
        elif not self.words.noise.match(line):
            self.lines.append(line)
        self.emit(Output(self.words.source, line))


def _plain(line: str) -> str:
    """Return a line as text that no terminal takes for commands."""
    text = _ESCAPE.sub("", line).expandtabs()
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
