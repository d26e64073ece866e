"""The parser of requests: httptools where there is a wheel of it, else h11."""

from typing import Any

try:
    import httptools as _httptools
except ImportError:
    httptools: Any = None
else:
    httptools = _httptools

# More than the connection lets pass before a head, a chunk or what follows a body is complete.
_MOST_UNPARSED_BYTES = 1024 * 1024


class ParserError(Exception):
    """What has arrived is not HTTP; the connection is of no more use."""


class _H11Parser:
    """h11 behind the few methods of httptools' parser that the front calls."""

    def __init__(self, listener: Any) -> None:
        import h11  # noqa: PLC0415 - not needed where httptools is there

        self._h11 = h11
        self._listener = listener
        self._connection = self._fresh()
        self._head: Any = None

    def feed_data(self, data: bytes) -> None:
        """Parse more bytes, calling the listener as httptools would."""
        try:
            self._receive(data)
            while self._advance():
                pass
        except self._h11.RemoteProtocolError as error:
            raise ParserError(str(error)) from error

    def get_method(self) -> bytes:
        return bytes(self._head.method)

    def get_http_version(self) -> str:
        return str(self._head.http_version.decode("ascii"))

    def should_keep_alive(self) -> bool:
        options = b",".join(value for name, value in self._head.headers if name == b"connection").lower()
        known = {option.strip() for option in options.split(b",")}
        return b"close" not in known if self._head.http_version == b"1.1" else b"keep-alive" in known

    def should_upgrade(self) -> bool:
        return False

    def _fresh(self) -> Any:
        return self._h11.Connection(self._h11.SERVER, _MOST_UNPARSED_BYTES)

    def _receive(self, data: bytes) -> None:
        if self._connection.their_state is self._h11.IDLE and not self._connection.trailing_data[0]:
            data = data.lstrip(b"\r\n")  # blank lines before a request
        if data:  # nothing would mean that the client has hung up
            self._connection.receive_data(data)

    def _advance(self) -> bool:
        event = self._connection.next_event()
        if isinstance(event, self._h11.Request):
            self._head = event
            self._listener.on_message_begin()
            self._listener.on_url(event.target)
            for name, value in event.headers:
                self._listener.on_header(name, value)
            self._listener.on_headers_complete()
        elif isinstance(event, self._h11.Data):
            self._listener.on_body(bytes(event.data))
        elif isinstance(event, self._h11.EndOfMessage):
            # h11 goes on only when it has seen the answer, which it never does: a new one goes on.
            rest, _ = self._connection.trailing_data
            self._connection = self._fresh()
            self._receive(rest)
            self._listener.on_message_complete()
        else:
            return False
        return True


class _HttptoolsParser:
    """httptools' parser with exceptions of ours; it goes on where httptools wants to be upgraded."""

    def __init__(self, listener: Any) -> None:
        self._listener = listener
        self._start()

    def feed_data(self, data: bytes) -> None:
        """Parse more bytes, calling the listener."""
        while data:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if self.get_method() == b"CONNECT":
                    raise ParserError("CONNECT is for proxies") from None
                data = self._listener.head_again() + data[upgrade.args[0] :]
                self._start()
            except httptools.HttpParserError as error:
                raise ParserError(str(error)) from error
            else:
                return

    def _start(self) -> None:
        self._parser = httptools.HttpRequestParser(self._listener)
        self.get_method = self._parser.get_method
        self.get_http_version = self._parser.get_http_version
        self.should_keep_alive = self._parser.should_keep_alive
        self.should_upgrade = self._parser.should_upgrade


def parser_for(listener: Any) -> Any:
    """Make a parser.

    httptools takes a request that offers an upgrade, as some clients offer HTTP/2, for one without a body.
    When ``should_upgrade`` tells so at the end of a head, the listener must overlook the request and give the
    head back at ``head_again``, without the offer.

    Args:
        listener: has ``on_message_begin``, ``on_url``, ``on_header``, ``on_headers_complete``, ``on_body``,
            ``on_message_complete`` and ``head_again``, none of which raises.
    """
    return _H11Parser(listener) if httptools is None else _HttptoolsParser(listener)
