"""The events of one run, sent to the caller and to the plugins that observe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from odahu_pack_core.events import Event, EventSink, StepFinished, StepStarted


class Reporter:
    """Sends each event of a run to everyone who listens.

    Args:
        listeners: Who listens, in order.
        clock: Seconds of a monotonic clock.
    """

    def __init__(self, *listeners: EventSink, clock: Callable[[], float] = time.monotonic) -> None:
        self._listeners = listeners
        self._clock = clock

    def emit(self, event: Event) -> None:
        """Send one event."""
        for listener in self._listeners:
            listener(event)

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[None]:
        """Report a step's start and, if it ends well, its end."""
        started = self._clock()
        self.emit(StepStarted(name, title))
        yield
        self.emit(StepFinished(name, round(self._clock() - started, 3)))
