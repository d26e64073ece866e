"""What all connections of a server share: the routes, the limits and the record of what was answered."""

import asyncio
import os
import re
import time
from email.utils import formatdate
from itertools import count
from typing import TYPE_CHECKING, Callable, NamedTuple, Set

from .request import Exchange, Request
from .response import Refusal, Response, unavailable
from .routes import Routes

if TYPE_CHECKING:
    from .connection import Connection

Record = Callable[[Exchange, Response, str], None]

_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}")


class Limits(NamedTuple):
    """What a client may take.

    Args:
        body_bytes: the size of the largest request.
        bodies_bytes: the memory that the bodies of all requests in progress may take.
        body_seconds: how long a body may take to arrive.
        idle_seconds: how long a connection may stay without a complete head; longer than the proxies in front
            keep theirs, so that they close idle connections first.
        head_bytes: the size of a request line and its headers.
        headers: how many headers that may be.
        connections: how many may be open at the same time.
    """

    body_bytes: int
    bodies_bytes: int
    body_seconds: float
    idle_seconds: float = 75.0
    head_bytes: int = 64 * 1024
    headers: int = 256
    connections: int = 1000


class Site:
    """Shared by the connections of one server.

    Args:
        routes: who answers what.
        limits: what a client may take.
        record: told of each answer, with the client's address.

    Attributes:
        connections: those that are open.
        draining: whether each connection is closed after its answer.
    """

    def __init__(self, routes: Routes, limits: Limits, record: Record) -> None:
        self.loop = asyncio.get_event_loop()
        self.routes = routes
        self.limits = limits
        self.record = record
        self.connections: Set["Connection"] = set()
        self.draining = False
        self._free = limits.bodies_bytes
        self._id_prefix = os.urandom(6).hex()
        self._id_numbers = count(1)
        self._second = 0
        self._date = b""

    def drain(self) -> None:
        """Close connections as soon as they have no request in progress."""
        self.draining = True
        for connection in list(self.connections):
            connection.close_if_idle()

    def abort(self) -> None:
        """Close all connections at once."""
        for connection in list(self.connections):
            connection.abort()

    def take(self, size: int) -> None:
        """Account for bytes of a body that have arrived.

        Raises:
            Refusal: 503, there is no room for them now.
        """
        if size > self._free:
            raise unavailable("overloaded", "the requests in progress take all the memory set aside for them")
        self._free -= size

    def give_back(self, size: int) -> None:
        """Account for bytes that are needed no longer."""
        self._free += size

    def too_large(self) -> Refusal:
        """Make the refusal of a request that is too large."""
        return Refusal(413, "too_large", f"the request is larger than {self.limits.body_bytes} bytes")

    def request_id(self, request: Request) -> str:
        """Return the request's own id if it has a plausible one, else a new one."""
        given = request.header(b"x-request-id")
        if given is not None and _REQUEST_ID.fullmatch(given):
            return given.decode("ascii")
        return f"{self._id_prefix}-{next(self._id_numbers):x}"

    def date(self) -> bytes:
        """Return the value of a `Date` header."""
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._date = formatdate(now, usegmt=True).encode("ascii")
        return self._date
