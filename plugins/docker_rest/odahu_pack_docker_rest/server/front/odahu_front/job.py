"""One prediction on its way: who waits for it, until when, and where it is."""

from typing import TYPE_CHECKING, Callable, NamedTuple, Optional

from odahu_wire import Header

from .http.request import Exchange
from .http.response import Refusal, Response

if TYPE_CHECKING:
    from .worker import Worker


class Dialect(NamedTuple):
    """How a protocol says what became of a prediction.

    Args:
        answer: turns a worker's ANSWER into the response.
        refuse: turns a refusal of the front into the response.
    """

    answer: Callable[[Header, bytes], Response]
    refuse: Callable[[Refusal], Response]


class Payload(NamedTuple):
    """What a worker is sent of a request.

    Args:
        kind: the kind of its frame.
        body: the request's own, or what the front has read of it.
        split: size of the JSON at the beginning of the body where tensors follow it, else 0.
        rows: how many rows it seems to have; for scheduling only.
    """

    kind: int
    body: bytes
    split: int = 0
    rows: int = 1


class Job:
    """A request between its arrival and its answer.

    Args:
        number: tells it from the other requests.
        exchange: where the answer goes.
        dialect: how the answer is said.
        payload: what is sent.
        deadline: when to give it up, by the clock of the event loop.

    Attributes:
        holder: the worker that predicts it, None while it waits.
        over: whether it was answered or given up.
    """

    __slots__ = ("deadline", "dialect", "exchange", "holder", "number", "over", "payload")

    def __init__(
        self, number: int, exchange: Exchange, dialect: Dialect, payload: Payload, deadline: float
    ) -> None:
        self.number = number
        self.exchange = exchange
        self.dialect = dialect
        self.payload = payload
        self.deadline = deadline
        self.holder: Optional["Worker"] = None
        self.over = False

    def finish(self, header: Header, body: bytes) -> None:
        """Hand over a worker's answer, unless the request was given up."""
        if not self.over:
            self.over = True
            self.exchange.answer(self.dialect.answer(header, body))

    def give_up(self, refusal: Refusal) -> None:
        """Answer with a refusal, unless the request is answered."""
        if not self.over:
            self.over = True
            self.exchange.answer(self.dialect.refuse(refusal))
