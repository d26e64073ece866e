"""One prediction on its way: what is asked, until when, and where its answer is awaited."""

import asyncio
from typing import NamedTuple, Optional


class Answer(NamedTuple):
    """What a worker says to a request: an HTTP status and a JSON body."""

    status: int
    body: bytes


class Job:
    """A request between its arrival and its answer.

    Args:
        number: tells it from the other requests.
        body: the request as it came.
        loop: the event loop that waits for the answer.

    Attributes:
        answer: the awaited answer; also done when the request was given up.
    """

    def __init__(self, number: int, body: bytes, loop: asyncio.AbstractEventLoop) -> None:
        self.number = number
        self.body = body
        self.answer: "asyncio.Future[Answer]" = loop.create_future()
        self.alarm: Optional[asyncio.TimerHandle] = None

    def finish(self, answer: Answer) -> None:
        """Hand over the answer, unless nobody waits for it any more."""
        self._disarm()
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, error: Exception) -> None:
        """Give the request up, unless it is answered."""
        self._disarm()
        if not self.answer.done():
            self.answer.set_exception(error)

    def _disarm(self) -> None:
        if self.alarm is not None:
            self.alarm.cancel()
