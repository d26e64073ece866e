"""Connections whose request heads are bounded in size and time, and whose refusals are JSON, too."""

import asyncio
from typing import Any, Optional

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .response import Response, failure

_MOST_HEAD_BYTES = 64 * 1024
_HEAD_SECONDS = 60.0
_REASONS = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with httptools, which itself takes request lines and headers without end."""

    _head_bytes = 0
    _in_head = True
    _alarm: Optional[asyncio.TimerHandle] = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Optional[Exception]) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has arrived, as long as it is a request's body or the head does not grow too large."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._alarm is None:
                self._wait_for_head()
        super().data_received(data)
        if self._in_head and self._head_bytes > _MOST_HEAD_BYTES:
            self._refuse(failure(431, "headers_too_large", "the request's line and headers are too large"))

    def on_headers_complete(self) -> None:
        """Begin with the body."""
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Begin with the head of the next request."""
        self._in_head = True
        self._head_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP (from uvicorn 0.17 on)."""
        self._refuse(failure(400, "invalid_http", msg))

    def _wait_for_head(self) -> None:
        self._alarm = self.loop.call_later(_HEAD_SECONDS, self._expire)

    def _stop_waiting(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _expire(self) -> None:
        if self._head_bytes:
            self._refuse(failure(408, "request_timeout", "the request did not arrive in time"))
        else:
            self.transport.close()

    def _refuse(self, response: Response) -> None:
        """Answer, unless another answer is under way, and close the connection."""
        if self.transport.is_closing():
            return
        cycle: Any = self.cycle  # None before the first request, whatever uvicorn declares
        busy = cycle is not None and cycle.response_started and not cycle.response_complete
        if not busy and not self.pipeline:
            head = (
                f"HTTP/1.1 {response.status} {_REASONS[response.status]}",
                "content-type: application/json",
                f"content-length: {len(response.body)}",
                "connection: close",
            )
            self.transport.write("\r\n".join((*head, "", "")).encode("ascii") + response.body)
        self.transport.close()
