"""What arrives on a connection, cut into requests that are bounded and leave no doubt."""

from typing import Callable, Optional

from .framing import announces_more, check_framing, head_too_large, size_of_head
from .incoming import Incoming
from .parser import ParserError, parser_for
from .request import Exchange, Headers, Request
from .response import Refusal, Response
from .site import Site


class Receiver:
    """Makes requests of bytes; the listener of a parser.

    Args:
        site: has the routes and the limits.
        line_up: called with each request when it is complete, and with the one that is refused as the last.
        deliver: where the answers of the requests go.
        encourage: called when the client waits for a word before it sends a body that is wanted.

    Attributes:
        incoming: the request that is arriving, from the end of its head to the end of its body.
        unused_bytes: that have arrived since the last complete head or piece of a body.
        deaf: whether what arrives is overlooked.
    """

    def __init__(
        self,
        site: Site,
        line_up: Callable[[Incoming], None],
        deliver: Callable[[Exchange, Response], None],
        encourage: Callable[[], None],
    ) -> None:
        self._site = site
        self._line_up = line_up
        self._deliver = deliver
        self._encourage = encourage
        self._parser = parser_for(self)
        self._target = b""
        self._headers: Headers = {}
        self._repeated = 0
        self._head_again = b""
        self.incoming: Optional[Incoming] = None
        self.unused_bytes = 0
        self.deaf = False

    def feed(self, data: bytes) -> None:
        """Take what has arrived."""
        self.unused_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except ParserError as error:
            self.refuse(Refusal(400, "invalid_http", f"this is not HTTP: {error}"))
        limits = self._site.limits
        if self.unused_bytes > limits.head_bytes or len(self._headers) > limits.headers:
            self.refuse(head_too_large())

    def refuse(self, refusal: Refusal) -> None:
        """Make a refused request of what has not arrived completely, and read no further."""
        if self.deaf:
            return
        self.deaf = True
        incoming, self.incoming = self.incoming, None
        if incoming is None:
            request = Request("", b"", {})
            exchange = Exchange(request, self._site.request_id(request), self._deliver)
            incoming = Incoming(exchange, "1.1", self._site)
        incoming.release()
        incoming.refusal = refusal
        incoming.keep_alive = False
        self._line_up(incoming)

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Begin with a head."""
        self._target = b""
        self._headers = {}
        self._repeated = 0

    def on_url(self, target: bytes) -> None:
        """Take a part of the request's target."""
        self._target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, but none of those that follow a body."""
        if self.incoming is None:
            name = name.lower()
            if name in self._headers:
                self._repeat(name, value)
            else:
                self._headers[name] = value

    def on_headers_complete(self) -> None:
        """Decide by the head who answers, and whether the body is wanted."""
        if self.deaf:
            return
        headers, site = self._headers, self._site
        if b"upgrade" in headers and self._parser.should_upgrade():
            self._head_again = self._head_without_upgrade()
            return
        request = Request(self._parser.get_method().decode("latin-1"), self._target, headers)
        exchange = Exchange(request, site.request_id(request), self._deliver)
        incoming = self.incoming = Incoming(exchange, self._parser.get_http_version(), site)
        try:
            self._check(request, incoming.version)
        except Refusal as refusal:
            self.refuse(refusal)
            return
        self.unused_bytes = 0
        try:
            incoming.route = site.routes.find(request)
        except Refusal as refusal:
            incoming.refusal = refusal
        if announces_more(request, site.limits.body_bytes):
            self.refuse(incoming.refusal or site.too_large())
        elif b"expect" in headers:
            self._meet_expectation(incoming)

    def on_body(self, data: bytes) -> None:
        """Take a part of the body."""
        incoming = self.incoming
        if incoming is None:
            return
        self.unused_bytes = 0
        incoming.size += len(data)
        if incoming.size > self._site.limits.body_bytes:
            self.refuse(incoming.refusal or self._site.too_large())
        elif incoming.refusal is None:
            try:
                incoming.keep(data)
            except Refusal as refusal:
                incoming.release()
                incoming.refusal = refusal

    def on_message_complete(self) -> None:
        """Pass the request on."""
        incoming = self.incoming
        if incoming is None:
            return
        self.incoming = None
        self.unused_bytes = 0
        incoming.keep_alive = self._parser.should_keep_alive()
        if not incoming.keep_alive:
            self.deaf = True
        incoming.complete()
        self._line_up(incoming)

    def head_again(self) -> bytes:
        """Return a head that was overlooked, without its offer of another protocol."""
        head, self._head_again = self._head_again, b""
        return head

    # Heads.

    def _repeat(self, name: bytes, value: bytes) -> None:
        self._repeated += 1
        if self._repeated < self._site.limits.headers:  # more are refused; joining them would take too long
            self._headers[name] = b"%b, %b" % (self._headers[name], value)

    def _head_without_upgrade(self) -> bytes:
        version = self._parser.get_http_version().encode("ascii")
        lines = [b"%b %b HTTP/%b" % (self._parser.get_method(), self._target, version)]
        lines.extend(b"%b: %b" % header for header in self._headers.items() if header[0] != b"upgrade")
        return b"\r\n".join([*lines, b"", b""])

    def _check(self, request: Request, version: str) -> None:
        limits = self._site.limits
        check_framing(request, version)
        if len(request.headers) + self._repeated > limits.headers or (
            self.unused_bytes > limits.head_bytes and size_of_head(request, self._target) > limits.head_bytes
        ):
            raise head_too_large()

    def _meet_expectation(self, incoming: Incoming) -> None:
        expected = incoming.exchange.request.headers[b"expect"]
        if incoming.version != "1.1" or expected.lower() != b"100-continue":
            return
        if incoming.refusal is not None:
            self.refuse(incoming.refusal)
        else:
            self._encourage()
