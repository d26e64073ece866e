"""One alarm that is set anew with every request and hardly ever rings."""

import asyncio
from typing import Callable, Optional


class Alarm:
    """Calls a function when it was not set anew in time.

    A later time costs one assignment; the timer below looks at it when it runs out.

    Args:
        loop: the event loop.
        ring: what to call.
    """

    __slots__ = ("_due", "_loop", "_ring", "_timer", "_timer_due")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._due: Optional[float] = None
        self._timer: Optional[asyncio.TimerHandle] = None
        self._timer_due = 0.0

    def set(self, seconds: float) -> None:
        """Ring after some seconds, whatever was set before."""
        self._due = due = self._loop.time() + seconds
        if self._timer is None or due < self._timer_due:
            self.stop()
            self._due = due
            self._start(due)

    def pause(self) -> None:
        """Do not ring until it is set again."""
        self._due = None

    def stop(self) -> None:
        """Do not ring, and let go of the function."""
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self, due: float) -> None:
        self._timer = self._loop.call_at(due, self._look)
        self._timer_due = due

    def _look(self) -> None:
        self._timer = None
        if self._due is None:
            return
        if self._due > self._loop.time():
            self._start(self._due)
        else:
            self._due = None
            self._ring()
