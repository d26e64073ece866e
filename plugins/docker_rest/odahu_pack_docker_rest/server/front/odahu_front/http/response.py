"""Answers as values: a status, a body and headers."""

import json
from http import HTTPStatus
from typing import Dict, NamedTuple, Tuple

Headers = Tuple[Tuple[str, str], ...]

JSON: Headers = (("content-type", "application/json"),)
_HEADS_KEPT = 256


class Response(NamedTuple):
    """One answer of the server.

    Args:
        status: the HTTP status.
        body: what follows the headers; for a HEAD request only its size is told.
        headers: names in lower case, the type of the body among them; their text is checked by nobody else.
    """

    status: int
    body: bytes
    headers: Headers = JSON


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
        self.code = code
        self.message = message
        self.response = failure(status, code, message, headers)


def failure(status: int, code: str, message: str, headers: Headers = ()) -> Response:
    """Make an answer that says what is wrong."""
    body = json.dumps({"message": message, "code": code}).encode("ascii")
    return Response(status, body, JSON + headers)


def unavailable(code: str, message: str) -> Refusal:
    """Make a refusal for a request that may succeed a second later."""
    return Refusal(503, code, message, (("retry-after", "1"),))


_heads: Dict[Tuple[int, Headers], bytes] = {}


def head_of(response: Response) -> bytes:
    """Write the status line and the headers that do not vary by request, each with its line end."""
    key = (response.status, response.headers)
    head = _heads.get(key)
    if head is None:
        head = _write_head(response)
        if len(_heads) < _HEADS_KEPT:
            _heads[key] = head
    return head


def _write_head(response: Response) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines.extend(f"{name}: {value}" for name, value in response.headers)
    return "".join(line + "\r\n" for line in lines).encode("latin-1")
