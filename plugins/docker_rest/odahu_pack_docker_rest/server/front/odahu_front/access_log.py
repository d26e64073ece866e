"""The access log: one JSON object per answer on standard output, never in the way of an answer."""

import asyncio
import time
from json.encoder import encode_basestring_ascii as quoted
from typing import List

from .http.request import Exchange
from .http.response import Response
from .log_writer import LogWriter

_STDOUT = 1
_INTERVAL_SECONDS = 0.1
_PATH_SHOWN = 1024
_LINE = (
    '{"time": "%s.%03dZ", "request_id": %s, "client": %s, "method": %s, "path": %s, "status": %d,'
    ' "request_bytes": %d, "response_bytes": %d, "seconds": %.6f}\n'
)


class AccessLog:
    """Collects the lines of a moment and has them written together.

    Args:
        loop: the event loop of the server.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._writer = LogWriter(_STDOUT)
        self._lines: List[str] = []
        self._second = 0
        self._stamp = ""

    @property
    def dropped(self) -> int:
        """The number of lines given up because the reader of the log was too slow, or gone."""
        return self._writer.dropped

    def record(self, exchange: Exchange, response: Response, client: str, seconds: float) -> None:
        """Write a line about an answer, a moment later.

        Args:
            exchange: what was asked.
            response: what was answered.
            client: the address of the client.
            seconds: from the request's head to its answer.
        """
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        request = exchange.request
        line = _LINE % (
            self._stamp,
            now % 1 * 1000,
            quoted(exchange.request_id),
            quoted(client),
            quoted(request.method),
            quoted(request.path[:_PATH_SHOWN]),
            response.status,
            len(request.body),
            len(response.body),
            seconds,
        )
        if not self._lines:
            self._loop.call_later(_INTERVAL_SECONDS, self._hand_over)
        self._lines.append(line)

    def close(self) -> None:
        """Write what is left, as far as the reader takes it within a second."""
        self._hand_over()
        self._writer.close()

    def _hand_over(self) -> None:
        lines, self._lines = self._lines, []
        self._writer.write("".join(lines).encode("ascii"))
