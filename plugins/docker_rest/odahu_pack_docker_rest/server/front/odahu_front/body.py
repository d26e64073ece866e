"""Request bodies: what may be JSON, how large it may be, and how long it may take to arrive."""

import asyncio
from typing import Any, Awaitable, Callable, Dict, Iterable, List, Tuple

from .response import Refusal, unavailable

Receive = Callable[[], Awaitable[Dict[str, Any]]]

_NOT_JSON_FAMILIES = ("audio/", "font/", "image/", "multipart/", "video/")
_NOT_JSON = frozenset(
    [
        "application/gzip",
        "application/msgpack",
        "application/pdf",
        "application/vnd.apache.arrow.stream",
        "application/vnd.apache.parquet",
        "application/x-protobuf",
        "application/xml",
        "application/yaml",
        "application/zip",
        "text/css",
        "text/csv",
        "text/html",
        "text/xml",
    ]
)
_CHARSETS = frozenset(["", "utf-8", "utf8", "us-ascii", "ascii"])


class ClientGoneError(Exception):
    """The client closed the connection before its request was complete."""


class Reservoir:
    """The memory that all request bodies together may take.

    Args:
        capacity: bytes.
    """

    def __init__(self, capacity: int) -> None:
        self._free = capacity

    def take(self, size: int) -> None:
        """Account for bytes that have arrived.

        Raises:
            Refusal: 503, there is no room for them now.
        """
        if size > self._free:
            raise unavailable("overloaded", "the requests in progress take all the memory set aside for them")
        self._free -= size

    def give_back(self, size: int) -> None:
        """Account for bytes that are needed no longer."""
        self._free += size


class Body:
    """The body of one request, as far as it has arrived.

    Args:
        limit: the size of the largest one.
        reservoir: where its bytes are accounted for, until `release`.
    """

    def __init__(self, limit: int, reservoir: Reservoir) -> None:
        self._limit = limit
        self._reservoir = reservoir
        self._size = 0

    async def read(self, headers: Iterable[Tuple[bytes, bytes]], receive: Receive, seconds: float) -> bytes:
        """Wait for the whole body.

        Args:
            headers: the request's headers.
            receive: gives the next message of the ASGI server.
            seconds: how long to wait.

        Raises:
            Refusal: 408, 413, 415 or 503.
            ClientGoneError: nobody waits for an answer any more.
        """
        fields = dict(headers)
        _check_media_type(fields)
        announced = fields.get(b"content-length", b"").lstrip(b"0") or b"0"
        # The digits of an absurd length are many; the HTTP server has refused what is no number.
        if len(announced) > len(str(self._limit)) or int(announced) > self._limit:
            raise self._too_large()
        try:
            return await asyncio.wait_for(self._collect(receive), seconds)
        except asyncio.TimeoutError:
            # The rest of the body may still come: the connection is of no more use.
            raise Refusal(
                408, "request_timeout", "the request did not arrive in time", (("Connection", "close"),)
            ) from None

    def release(self) -> None:
        """Say that the body is needed no longer."""
        self._reservoir.give_back(self._size)
        self._size = 0

    async def _collect(self, receive: Receive) -> bytes:
        chunks: List[bytes] = []
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            chunk = message.get("body", b"")
            self._reservoir.take(len(chunk))
            self._size += len(chunk)
            if self._size > self._limit:
                raise self._too_large()
            chunks.append(chunk)
            more = message.get("more_body", False)
        return b"".join(chunks)

    def _too_large(self) -> Refusal:
        return Refusal(413, "too_large", f"the request is larger than {self._limit} bytes")


def _check_media_type(headers: Dict[bytes, bytes]) -> None:
    """Refuse what cannot be JSON. curl calls any ``-d`` a form, so a form is taken for JSON."""
    encoding = headers.get(b"content-encoding", b"identity").decode("latin-1").strip().lower()
    if encoding not in ("", "identity"):
        raise Refusal(415, "unsupported_media_type", f"the content encoding {encoding} is not read")
    media_type, _, parameters = headers.get(b"content-type", b"").decode("latin-1").lower().partition(";")
    media_type = media_type.strip()
    if media_type in _NOT_JSON or media_type.startswith(_NOT_JSON_FAMILIES) or media_type.endswith("+xml"):
        raise Refusal(415, "unsupported_media_type", f"{media_type} is not JSON")
    if _charset(parameters) not in _CHARSETS:
        raise Refusal(415, "unsupported_media_type", "JSON is read as UTF-8 only")


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset":
            return value.strip().strip('"')
    return ""
