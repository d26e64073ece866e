"""The deadlines of all open requests, watched by a single timer."""

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Callable, Optional

from .job import Job

if TYPE_CHECKING:
    Jobs = OrderedDict[int, Job]


class Deadlines:
    """Jobs that came one after the other with the same time to live, so that the oldest is due first.

    Args:
        loop: the event loop.
        expire: called with a job whose deadline has passed.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, expire: Callable[[Job], None]) -> None:
        self._loop = loop
        self._expire = expire
        self._open: "Jobs" = OrderedDict()
        self._timer: Optional[asyncio.TimerHandle] = None

    def add(self, job: Job) -> None:
        """Watch a job whose deadline is not before that of any other."""
        self._open[job.number] = job
        if self._timer is None:
            self._timer = self._loop.call_at(job.deadline, self._look)

    def remove(self, job: Job) -> None:
        """Forget a job."""
        self._open.pop(job.number, None)

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._open:
            oldest = next(iter(self._open.values()))
            if oldest.deadline > now:
                self._timer = self._loop.call_at(oldest.deadline, self._look)
                return
            self.remove(oldest)
            self._expire(oldest)
