"""Heads that are refused whatever they ask for: too large, or with a doubt about where their request ends."""

from .request import Request
from .response import Refusal

_VERSIONS = ("1.1", "1.0")
_DIGITS = 20  # a length of more is larger than any limit
_BETWEEN = len(": \r\n")


def check_framing(request: Request, version: str) -> None:
    """Refuse a head that leaves a doubt about where its request ends or whom it is for.

    The proxies in front of this server, and its two parsers, differ in what they make of such a head: what
    one takes for a body another would take for the next request (RFC 9112, section 11.2).

    Raises:
        Refusal: 400, or 505 for other versions of HTTP; the connection is of no more use.
    """
    if version not in _VERSIONS:
        raise Refusal(505, "unknown_version", "this server speaks HTTP/1.1 and HTTP/1.0")
    if request.method == "CONNECT":
        raise _invalid("CONNECT is for proxies")
    headers = request.headers
    host = headers.get(b"host")
    if (version == "1.1") if host is None else b"," in host:
        raise _invalid("there must be one Host header")
    coding = headers.get(b"transfer-encoding")
    if coding is not None:
        if b"content-length" in headers or version == "1.0":
            raise _invalid("Transfer-Encoding goes with HTTP/1.1 and without Content-Length")
        if coding.lower() != b"chunked":
            raise _invalid("the only Transfer-Encoding is chunked")


def head_too_large() -> Refusal:
    """Make the refusal of a head that is too large."""
    return Refusal(431, "headers_too_large", "the request's line and headers are too large or too many")


def size_of_head(request: Request, target: bytes) -> int:
    """Return about as many bytes as a head had."""
    return len(target) + sum(len(name) + len(value) + _BETWEEN for name, value in request.headers.items())


def announces_more(request: Request, limit: int) -> bool:
    """Tell whether a body will be larger than a limit, as far as the head tells."""
    length = request.headers.get(b"content-length")
    return length is not None and (len(length) > _DIGITS or int(length) > limit)


def _invalid(message: str) -> Refusal:
    return Refusal(400, "invalid_http", f"this is not HTTP: {message}")
