"""The parser of requests: httptools where there is a wheel of it, else h11."""

from typing import Any

try:
    import httptools as _httptools
except ImportError:
    httptools: Any = None
else:
    httptools = _httptools

_MOST_HEAD_BYTES = 64 * 1024


class ParserError(Exception):
    """What has arrived is not HTTP; the connection is of no more use."""


class UpgradeError(Exception):
    """The client wants to speak another protocol after this request; the request itself is complete."""


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
            self._connection.receive_data(data)
            while self._advance():
                pass
        except self._h11.RemoteProtocolError as error:
            raise ParserError(str(error)) from error

    def get_method(self) -> bytes:
        return bytes(self._head.method)

    def get_http_version(self) -> str:
        return str(self._head.http_version.decode("ascii"))

    def should_keep_alive(self) -> bool:
        tokens = b",".join(value for name, value in self._head.headers if name == b"connection").lower()
        if self._head.http_version < b"1.1":
            return b"keep-alive" in tokens
        return b"close" not in tokens

    def _fresh(self) -> Any:
        return self._h11.Connection(self._h11.SERVER, _MOST_HEAD_BYTES)

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
            if rest:  # nothing would mean that the client has hung up
                self._connection.receive_data(rest)
            self._listener.on_message_complete()
        else:
            return False
        return True


class _HttptoolsParser:
    """httptools' parser with exceptions of ours."""

    def __init__(self, listener: Any) -> None:
        self._parser = httptools.HttpRequestParser(listener)
        self.get_method = self._parser.get_method
        self.get_http_version = self._parser.get_http_version
        self.should_keep_alive = self._parser.should_keep_alive

    def feed_data(self, data: bytes) -> None:
        """Parse more bytes, calling the listener."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise UpgradeError from None
        except httptools.HttpParserError as error:
            raise ParserError(str(error)) from error


def parser_for(listener: Any) -> Any:
    """Make a parser.

    Args:
        listener: has ``on_message_begin``, ``on_url``, ``on_header``, ``on_headers_complete``, ``on_body``
            and ``on_message_complete``, none of which raises.
    """
    return _H11Parser(listener) if httptools is None else _HttptoolsParser(listener)
