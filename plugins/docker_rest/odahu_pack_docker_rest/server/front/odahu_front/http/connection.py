"""One connection: bounded requests in, their answers out in the same order."""

import asyncio
import collections
import logging
from typing import Any, Deque, Optional

from .alarm import Alarm
from .incoming import Incoming
from .receiver import Receiver
from .request import Exchange
from .response import Refusal, Response, head_of
from .site import Site

_LOG = logging.getLogger(__name__)

_FAREWELL_SECONDS = 2.0  # for a client to read the answer before its unread request resets the connection
_MOST_WAITING = 100  # requests that a client may send before it has the answers
_NOT_MODIFIED = 304
_WRITTEN_AT_ONCE = 64 * 1024
_CLIENT_GONE = Response(499, b"")  # for the record only, as other servers call it


class Connection(asyncio.Protocol):
    """The protocol of one client.

    A client that closes its side has gone, as for most servers: its requests are given up.

    Args:
        site: what it shares with the other connections.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._receiver = Receiver(site, self._line_up, self._deliver, self._encourage)
        self._alarm = Alarm(site.loop, self._expire)
        self._current: Optional[Incoming] = None
        self._waiting: Deque[Incoming] = collections.deque()
        self._farewell_end = 0.0  # set when all is said
        self._paused = False
        self._blocked = False  # the client does not read its answers
        self._unsent_bytes = 0
        self._client = ""

    # What asyncio calls.

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        self._transport = transport
        if len(self._site.connections) >= self._site.limits.connections:
            transport.abort()
            return
        peer = transport.get_extra_info("peername")
        self._client = str(peer[0]) if peer else ""
        self._site.connections.add(self)
        self._alarm.set(self._site.limits.idle_seconds)

    def connection_lost(self, _error: Optional[Exception]) -> None:
        """Forget the connection; nobody waits for its answers any more."""
        self._receiver.deaf = True
        self._alarm.stop()
        self._site.connections.discard(self)
        for incoming in (self._current, *self._waiting, self._receiver.incoming):
            if incoming is not None:
                incoming.exchange.abandoned = True
                incoming.release()
                self._site.record(incoming.exchange, _CLIENT_GONE, self._client)
                incoming.exchange.request.body = b""
        self._receiver.incoming = self._current = None
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        """Take what has arrived."""
        receiver = self._receiver
        if receiver.deaf:
            self._overlook()
            return
        begun = receiver.incoming
        receiver.feed(data)
        if receiver.incoming is not begun and receiver.incoming is not None and not self._paused:
            self._alarm.set(self._site.limits.body_seconds)

    def eof_received(self) -> None:
        """Have asyncio close the connection, but not wait without end for the client to read its answer."""
        self._alarm.set(self._site.limits.idle_seconds)

    def pause_writing(self) -> None:
        """Answer no more requests of a client that does not read its answers."""
        self._blocked = True
        self._alarm.set(self._site.limits.idle_seconds)
        self._pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self._blocked = False
        self._unsent_bytes = 0
        self._begin_next()

    # Requests.

    def _encourage(self) -> None:
        if self._current is None and not self._waiting:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _line_up(self, incoming: Incoming) -> None:
        if self._current is None and not self._waiting and not self._blocked:
            self._begin(incoming)
            return
        if self._current is not None:
            self._alarm.pause()
        self._waiting.append(incoming)
        if len(self._waiting) == _MOST_WAITING:
            self._receiver.deaf = True
            incoming.keep_alive = False
        self._pause_reading()

    def _begin(self, incoming: Incoming) -> None:
        self._alarm.pause()
        self._current = incoming
        exchange = incoming.exchange
        if incoming.refusal is not None:
            exchange.answer(self._said(exchange, incoming.refusal))
            return
        assert incoming.route is not None  # noqa: S101 - a head without a route has a refusal
        try:
            incoming.route.answer(exchange)
        except Refusal as refusal:
            exchange.answer(self._said(exchange, refusal))
        except Exception:  # noqa: BLE001 - a fault of ours is answered in JSON, too, and logged
            _LOG.exception("the front failed")
            exchange.answer(self._said(exchange, Refusal(500, "internal_error", "the server failed")))

    def _said(self, exchange: Exchange, refusal: Refusal) -> Response:
        return self._site.routes.refuse(exchange.request, refusal)

    def _begin_next(self) -> None:
        if self._blocked or self._current is not None or self._farewell_end:
            return
        if self._waiting:
            self._begin(self._waiting.popleft())
        if not self._waiting and not self._blocked:
            self._resume_reading()

    def _pause_reading(self) -> None:
        if not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._paused and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()
            if self._receiver.incoming is not None:
                self._alarm.set(self._site.limits.body_seconds)

    # Answers.

    def _deliver(self, exchange: Exchange, response: Response) -> None:
        incoming = self._current
        if incoming is None or incoming.exchange is not exchange or self._transport.is_closing():
            return  # the client has gone
        self._current = None
        incoming.release()
        last = self._site.draining or not incoming.keep_alive
        self._write(incoming, response, last=last)
        if last:
            self._leave()
        elif self._waiting:
            self._site.loop.call_soon(self._begin_next)
        elif self._receiver.incoming is None:
            self._alarm.set(self._site.limits.idle_seconds)

    def _write(self, incoming: Incoming, response: Response, *, last: bool) -> None:
        exchange = incoming.exchange
        body = response.body
        head = b"%bcontent-length: %d\r\nx-request-id: %b\r\ndate: %b\r\n%b" % (
            head_of(response),
            len(body),
            exchange.request_id.encode("ascii"),
            self._site.date(),
            _end_of_head(incoming, last=last),
        )
        if exchange.request.method == "HEAD" or response.status == _NOT_MODIFIED:
            self._transport.write(head)
        elif len(body) < _WRITTEN_AT_ONCE:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)
        self._site.record(exchange, response, self._client)

    # The end.

    def close_if_idle(self) -> None:
        """Close the connection if no request is in progress."""
        receiver = self._receiver
        if not (self._current or self._waiting or receiver.incoming or receiver.unused_bytes):
            self._transport.close()

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def _leave(self) -> None:
        """Tell the client that all is said, and close when it has heard it."""
        self._receiver.deaf = True
        if self._transport.is_closing():
            return
        self._resume_reading()  # for the end that the client sends
        try:
            self._transport.write_eof()
        except OSError:  # the client was faster
            self._transport.abort()
            return
        self._farewell_end = self._site.loop.time() + self._site.limits.body_seconds
        self._alarm.set(_FAREWELL_SECONDS)

    def _overlook(self) -> None:
        # A client that still sends a refused request reads the answer later; a reset would take it away.
        if self._site.loop.time() < self._farewell_end:
            self._alarm.set(_FAREWELL_SECONDS)

    def _expire(self) -> None:
        receiver = self._receiver
        unsent = self._transport.get_write_buffer_size()
        if unsent and unsent != self._unsent_bytes:  # the client does read its answer, if slowly
            self._unsent_bytes = unsent
            self._alarm.set(self._site.limits.idle_seconds)
        elif unsent:
            self._transport.abort()
        elif not receiver.deaf and (receiver.incoming is not None or receiver.unused_bytes):
            receiver.refuse(Refusal(408, "request_timeout", "the request did not arrive in time"))
        else:
            self._transport.abort()


def _end_of_head(incoming: Incoming, *, last: bool) -> bytes:
    if last:
        return b"connection: close\r\n\r\n"
    return b"\r\n" if incoming.version == "1.1" else b"connection: keep-alive\r\n\r\n"
