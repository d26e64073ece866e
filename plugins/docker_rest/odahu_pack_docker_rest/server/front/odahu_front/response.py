"""Answers as values: a status, headers and a JSON body."""

import json
from typing import Any, Awaitable, Callable, Dict, List, NamedTuple, Tuple

Headers = Tuple[Tuple[str, str], ...]
Send = Callable[[Dict[str, Any]], Awaitable[None]]


class Response(NamedTuple):
    """One answer of the server; the body is JSON already."""

    status: int
    body: bytes
    headers: Headers = ()

    async def send(self, send: Send) -> None:
        """Write the answer to an ASGI server."""
        headers: List[Tuple[bytes, bytes]] = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(self.body)).encode("ascii")),
        ]
        headers.extend((name.lower().encode("ascii"), value.encode("ascii")) for name, value in self.headers)
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class Refusal(Exception):  # noqa: N818 - an answer more than an error
    """A request that is answered with a status and a reason instead of a prediction.

    Args:
        status: the HTTP status.
        code: a stable word for machines.
        message: what is wrong, for the person who reads it.
        headers: more headers of the answer.
    """

    def __init__(self, status: int, code: str, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.response = failure(status, code, message, headers)


def failure(status: int, code: str, message: str, headers: Headers = ()) -> Response:
    """Make an answer that says what is wrong."""
    body = json.dumps({"message": message, "code": code}).encode("ascii")
    return Response(status, body, headers)


def unavailable(code: str, message: str) -> Refusal:
    """Make a refusal for a request that may succeed a second later."""
    return Refusal(503, code, message, (("Retry-After", "1"),))
