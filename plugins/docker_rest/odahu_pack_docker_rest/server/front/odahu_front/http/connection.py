"""One connection: bounded requests in, their answers out in the same order."""

import asyncio
import collections
import logging
from typing import Any, Deque, List, Optional

from .alarm import Alarm
from .parser import ParserError, UpgradeError, parser_for
from .request import Exchange, RawHeaders, Request
from .response import Refusal, Response, head_of
from .routes import Route
from .site import Site

_LOG = logging.getLogger(__name__)

_FAREWELL_SECONDS = 2.0  # for a client to read the answer before its unread request resets the connection
_NOT_MODIFIED = 304
_WRITTEN_AT_ONCE = 64 * 1024
_CLIENT_GONE = Response(499, b"")  # for the record only, as other servers call it


class _Incoming:
    """A request that is still arriving."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.route: Optional[Route] = None
        self.refusal: Optional[Refusal] = None
        self.chunks: List[bytes] = []
        self.size = 0
        self.keep_alive = False


class Connection(asyncio.Protocol):
    """The protocol of one client.

    Args:
        site: what it shares with the other connections.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._parser = parser_for(self)
        self._alarm = Alarm(site.loop, self._expire)
        self._target = b""
        self._headers: RawHeaders = []
        self._head_bytes = 0
        self._incoming: Optional[_Incoming] = None
        self._current: Optional[_Incoming] = None
        self._waiting: Deque[_Incoming] = collections.deque()
        self._deaf = False  # what arrives is overlooked: the connection ends after the answers that are due
        self._paused = False
        self._client = ""

    # What asyncio calls.

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self._client = str(peer[0]) if peer else ""
        self._site.connections.add(self)
        self._alarm.set(self._site.limits.idle_seconds)

    def connection_lost(self, _error: Optional[Exception]) -> None:
        """Forget the connection; nobody waits for its answers any more."""
        self._deaf = True
        self._alarm.stop()
        self._site.connections.discard(self)
        for incoming in (self._incoming, self._current, *self._waiting):
            if incoming is not None:
                incoming.exchange.abandoned = True
                incoming.exchange.request.body = b""
                self._release(incoming)
                self._site.record(incoming.exchange, _CLIENT_GONE, self._client)
        self._incoming = self._current = None
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        """Take what has arrived."""
        if self._deaf:
            return
        begun = self._incoming
        if begun is None:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except UpgradeError:
            self._end_after_answers()
        except ParserError as error:
            self._refuse(Refusal(400, "invalid_http", f"this is not HTTP: {error}"))
        if self._incoming is not begun and self._incoming is not None:
            self._alarm.set(self._site.limits.body_seconds)
        elif self._head_bytes > self._site.limits.head_bytes:
            self._refuse(Refusal(431, "headers_too_large", "the request's line and headers are too large"))

    def pause_writing(self) -> None:
        """Read no more requests of a client that does not read its answers."""
        self._pause_reading()

    def resume_writing(self) -> None:
        """Read on."""
        if not self._waiting:
            self._resume_reading()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Begin with a head."""
        self._target = b""
        self._headers = []

    def on_url(self, target: bytes) -> None:
        """Take a part of the request's target."""
        self._target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Decide by the head who answers, and whether the body is wanted."""
        if self._deaf:
            return
        self._head_bytes = 0
        request = Request(self._parser.get_method().decode("latin-1"), self._target, self._headers)
        exchange = Exchange(request, self._site.request_id(request), self._deliver)
        incoming = self._incoming = _Incoming(exchange)
        try:
            incoming.route = self._site.routes.find(request)
            self._check_length(request)
        except Refusal as refusal:
            incoming.refusal = refusal
            if refusal.code == "too_large":
                self._refuse(refusal)
        else:
            if (request.header(b"expect") or b"").lower() == b"100-continue":
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes) -> None:
        """Take a part of the body."""
        incoming = self._incoming
        if incoming is None:
            return
        incoming.size += len(data)
        if incoming.size > self._site.limits.body_bytes:
            incoming.size -= len(data)
            self._refuse(incoming.refusal or self._site.too_large())
        elif incoming.refusal is None:
            self._keep(incoming, data)

    def on_message_complete(self) -> None:
        """Answer the request, or have it wait for the one before it."""
        incoming = self._incoming
        if incoming is None:
            return
        self._incoming = None
        incoming.keep_alive = self._parser.should_keep_alive()
        chunks = incoming.chunks
        incoming.exchange.request.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        if self._current is None:
            self._alarm.pause()
            self._begin(incoming)
        else:
            self._waiting.append(incoming)
            self._pause_reading()

    # Requests.

    def _check_length(self, request: Request) -> None:
        announced = (request.header(b"content-length") or b"").lstrip(b"0") or b"0"
        limit = self._site.limits.body_bytes
        # The digits of an absurd length are many; the parser has refused what is no number.
        if len(announced) > len(str(limit)) or int(announced) > limit:
            raise self._site.too_large()

    def _keep(self, incoming: _Incoming, data: bytes) -> None:
        try:
            self._site.take(len(data))
        except Refusal as refusal:
            self._site.give_back(sum(map(len, incoming.chunks)))
            incoming.chunks = []
            incoming.refusal = refusal
        else:
            incoming.chunks.append(data)

    def _release(self, incoming: _Incoming) -> None:
        self._site.give_back(sum(map(len, incoming.chunks)))
        incoming.chunks = []

    def _begin(self, incoming: _Incoming) -> None:
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
        if self._waiting and self._current is None:
            self._begin(self._waiting.popleft())
            if not self._waiting:
                self._resume_reading()

    def _pause_reading(self) -> None:
        if not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._paused and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    # Answers.

    def _deliver(self, exchange: Exchange, response: Response) -> None:
        incoming = self._current
        if incoming is None or incoming.exchange is not exchange:
            return  # the client has gone
        self._current = None
        self._release(incoming)
        last = self._site.draining or not incoming.keep_alive
        self._write(exchange, response, last=last)
        if last:
            self._leave()
        elif self._waiting:
            self._site.loop.call_soon(self._begin_next)
        else:
            self._alarm.set(self._site.limits.idle_seconds)

    def _write(self, exchange: Exchange, response: Response, *, last: bool) -> None:
        body = response.body
        head = b"%bcontent-length: %d\r\nx-request-id: %b\r\ndate: %b\r\n%b" % (
            head_of(response),
            len(body),
            exchange.request_id.encode("ascii"),
            self._site.date(),
            self._connection_header(last=last),
        )
        if exchange.request.method == "HEAD" or response.status == _NOT_MODIFIED:
            self._transport.write(head)
        elif len(body) < _WRITTEN_AT_ONCE:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)
        self._site.record(exchange, response, self._client)

    def _connection_header(self, *, last: bool) -> bytes:
        if last:
            return b"connection: close\r\n\r\n"
        return b"\r\n" if self._parser.get_http_version() == "1.1" else b"connection: keep-alive\r\n\r\n"

    def _refuse(self, refusal: Refusal) -> None:
        """Answer a request that is not read to its end, unless another is being answered, and close."""
        if self._deaf:
            return
        incoming, self._incoming = self._incoming, None
        if incoming is None:
            request = Request("", b"", [])
            incoming = _Incoming(Exchange(request, self._site.request_id(request), self._deliver))
        self._release(incoming)
        if self._current is None and not self._waiting:
            self._write(incoming.exchange, self._said(incoming.exchange, refusal), last=True)
        self._end_after_answers()

    # The end.

    def close_if_idle(self) -> None:
        """Close the connection if no request is in progress."""
        if self._current is None and self._incoming is None and not self._waiting:
            self._transport.close()

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def _end_after_answers(self) -> None:
        self._deaf = True
        last = self._waiting[-1] if self._waiting else self._current
        if last is None:
            self._leave()
        else:
            last.keep_alive = False

    def _leave(self) -> None:
        """Tell the client that all is said, and close when it has heard it."""
        self._deaf = True
        if self._transport.is_closing():
            return
        if self._site.draining:
            self._transport.close()
            return
        self._resume_reading()  # for the end that the client sends
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._alarm.set(_FAREWELL_SECONDS)

    def _expire(self) -> None:
        if not self._deaf and (self._incoming is not None or self._head_bytes):
            self._refuse(Refusal(408, "request_timeout", "the request did not arrive in time"))
        else:
            self._transport.abort()
