"""Requests as values, and the exchange of one request for its answer."""

import time
from typing import Callable, List, Optional, Tuple
from urllib.parse import unquote

from .response import Response

RawHeaders = List[Tuple[bytes, bytes]]


class Request:
    """One HTTP request.

    Attributes:
        method: in capitals.
        path: without the query, percent-decoded.
        query: as it came, without the question mark.
        headers: names in lower case, in their order.
        body: complete, and not larger than the server allows; empty while it is still arriving.
    """

    __slots__ = ("body", "headers", "method", "path", "query")

    def __init__(self, method: str, target: bytes, headers: RawHeaders) -> None:
        path, _, query = target.partition(b"?")
        self.method = method
        self.path = (
            unquote(path.decode("latin-1"), errors="replace") if b"%" in path else path.decode("latin-1")
        )
        self.query = query
        self.headers = headers
        self.body = b""

    def header(self, name: bytes) -> Optional[bytes]:
        """Return the value of the last header of a name in lower case, if there is one."""
        for known, value in reversed(self.headers):
            if known == name:
                return value
        return None


class Exchange:
    """A request whose answer is due.

    Attributes:
        request: what was asked.
        request_id: tells it from other requests, in the log and in `X-Request-ID`.
        begun: when its head had arrived, by ``time.monotonic``.
        abandoned: whether nobody waits for the answer any more.
    """

    __slots__ = ("_deliver", "abandoned", "begun", "request", "request_id")

    def __init__(
        self, request: Request, request_id: str, deliver: Callable[["Exchange", Response], None]
    ) -> None:
        self.request = request
        self.request_id = request_id
        self.begun = time.monotonic()
        self.abandoned = False
        self._deliver: Optional[Callable[["Exchange", Response], None]] = deliver

    def answer(self, response: Response) -> None:
        """Send the answer; further ones are overlooked."""
        deliver, self._deliver = self._deliver, None
        if deliver is not None:
            deliver(self, response)
