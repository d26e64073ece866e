"""The access log: one JSON object per answer on standard output, never in the way of an answer."""

import asyncio
import os
import queue
import threading
import time
from json.encoder import encode_basestring_ascii as quoted
from typing import List, Optional

from .http.request import Exchange
from .http.response import Response

_STDOUT = 1
_INTERVAL_SECONDS = 0.1
_BLOCKS_WAITING = 64
_LINE = (
    '{"time": "%s.%03dZ", "request_id": %s, "client": %s, "method": %s, "path": %s, "status": %d,'
    ' "request_bytes": %d, "response_bytes": %d, "seconds": %.6f}\n'
)


class AccessLog:
    """Collects lines and has a thread write them, so that a slow reader of the log holds up nobody.

    Args:
        loop: the event loop of the server.

    Attributes:
        dropped: lines given up because the reader of the log was too slow.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lines: List[str] = []
        self._blocks: "queue.Queue[Optional[bytes]]" = queue.Queue()
        self._second = 0
        self._stamp = ""
        self.dropped = 0
        self._thread = threading.Thread(target=self._write_blocks, name="access-log", daemon=True)
        self._thread.start()

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
            quoted(request.path),
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
        self._blocks.put(None)
        self._thread.join(1.0)

    def _hand_over(self) -> None:
        lines, self._lines = self._lines, []
        if self._blocks.qsize() >= _BLOCKS_WAITING:
            self.dropped += len(lines)
        elif lines:
            self._blocks.put("".join(lines).encode("ascii"))

    def _write_blocks(self) -> None:
        block = self._blocks.get()
        while block is not None:
            try:
                while block:
                    block = block[os.write(_STDOUT, block) :]
            except OSError:
                pass  # Nobody reads the log: the server goes on without it.
            block = self._blocks.get()
