"""Events as plain lines on stderr, for pipes and logs: no control codes, nothing redrawn."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from odahu_pack_core.cli.console import to_stderr
from odahu_pack_core.cli.session import Loudness
from odahu_pack_core.events import Decision, Event, Notice, Output, Progress, StepFinished, StepStarted

from .words import decision_text, is_done, notice_text, progress_key, progress_text

_SECONDS_BETWEEN: Final = 5.0


class LineDisplay:
    """Shows events as lines; progress at its end, and every few seconds on the way.

    Args:
        loudness: How much is shown.
        decisions: Whether decisions are shown.
        clock: Seconds of a monotonic clock.
        write: Takes each line.
    """

    def __init__(
        self,
        loudness: Loudness,
        *,
        decisions: bool = True,
        clock: Callable[[], float] = time.monotonic,
        write: Callable[[str], None] = to_stderr,
    ) -> None:
        self._loudness = loudness
        self._decisions = decisions
        self._clock = clock
        self._write = write
        self._shown_at: dict[tuple[str, str], float] = {}

    def show(self, event: Event) -> None:
        """Show one event."""
        line = self._line(event)
        if line and (self._loudness > Loudness.QUIET or _is_warning(event)):
            self._write(line)

    def _line(self, event: Event) -> str:
        line = ""
        match event:
            case StepStarted(_, title):
                line = f"{title} …"
            case StepFinished(step, seconds) if self._loudness is Loudness.VERBOSE:
                line = f"{step}: done in {seconds:.1f} s"
            case Decision() if self._decisions:
                line = decision_text(event)
            case Notice():
                line = notice_text(event)
            case Output(source, text) if self._loudness is Loudness.VERBOSE:
                line = f"{source} | {text}"
            case Progress(step, subject) if self._is_due(event):
                line = f"{step}: {subject} {progress_text(event)}"
        return line

    def _is_due(self, progress: Progress) -> bool:
        """Tell whether enough time went by since this subject was shown, or it is at its end."""
        key, now = progress_key(progress), self._clock()
        due = is_done(progress) or now - self._shown_at.setdefault(key, now) >= _SECONDS_BETWEEN
        if due:
            self._shown_at[key] = now
        return due


def _is_warning(event: Event) -> bool:
    return isinstance(event, Notice) and event.severity == "warning"
