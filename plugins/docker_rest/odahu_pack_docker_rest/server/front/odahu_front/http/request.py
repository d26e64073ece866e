"""Requests as values, and the exchange of one request for its answer."""

import time
from typing import Callable, Dict, Optional
from urllib.parse import unquote

from .response import Response

Headers = Dict[bytes, bytes]
"""By their names in lower case; the values of a header that comes again are joined by commas."""


class Request:
    """One HTTP request.

    Attributes:
        method: in capitals.
        path: without the query, percent-decoded.
        query: as it came, without the question mark.
        headers: those of the head; what follows a body is overlooked.
        body: complete, and not larger than the server allows; empty while it is still arriving.
    """

    __slots__ = ("body", "headers", "method", "path", "query")

    def __init__(self, method: str, target: bytes, headers: Headers) -> None:
        path, _, query = target.partition(b"?")
        if not path.startswith(b"/"):
            path = _path_of_address(path)
        self.method = method
        self.path = (
            unquote(path.decode("latin-1"), errors="replace") if b"%" in path else path.decode("latin-1")
        )
        self.query = query
        self.headers = headers
        self.body = b""

    def header(self, name: bytes) -> Optional[bytes]:
        """Return the value of the header of a name in lower case, if there is one."""
        return self.headers.get(name)


def _path_of_address(address: bytes) -> bytes:
    """Return the path of an ``http://host/path``, as clients send it that take the server for a proxy."""
    scheme, separator, rest = address.partition(b"://")
    if not separator or scheme.lower() not in (b"http", b"https"):
        return address
    return b"/" + rest.partition(b"/")[2]


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
