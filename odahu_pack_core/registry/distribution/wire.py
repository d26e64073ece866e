"""One request over httpx: which connection it takes, how long it may take, and its failures in words.

Transports of httpx are used without its client: that one would log addresses, which may hold signatures,
keep cookies, and follow redirects with all headers.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from typing import Final
from urllib.parse import urlsplit

import httpx

from odahu_pack_core.errors import RegistryError
from odahu_pack_core.values import dataclass

from .proxies import proxy_for
from .retrying import PASSING_STATUSES, REFUSED_TRIES, PassingError
from .trust import trusting_context
from .words import cleaned

READ_SECONDS: Final = 60.0
"""How long the other side may be silent."""

_CONNECT_SECONDS: Final = 5.0
_WRITE_SECONDS: Final = 60.0
_LIMITS: Final = httpx.Limits(max_connections=64, max_keepalive_connections=32, keepalive_expiry=45.0)
_SOCKET_OPTIONS: Final = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
)
_UNREACHABLE: Final = "registry-unreachable"
_UNKNOWN_NAME: Final = ("Name or service not known", "nodename nor servname", "No address associated")


@dataclass(frozen=True)
class Body:
    """What a request carries.

    Args:
        size: Its bytes.
        chunks: They.
    """

    size: int
    chunks: Iterable[bytes]


@dataclass(frozen=True)
class Request:
    """What is sent.

    Args:
        action: What it is for, in words that follow "cannot".
        method: The HTTP method.
        url: Where to; no repr shows it, for it may be signed.
        headers: Among them credentials; no repr shows them.
        body: What it carries.
        read_seconds: How long the other side may be silent.
    """

    action: str
    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Body | None = None
    read_seconds: float = READ_SECONDS


class Wire:
    """Connections that are kept and shared by threads; TLS is set up when it is first spoken.

    Args:
        environ: Names proxies and certificates.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._transports: dict[tuple[str, str | None], httpx.HTTPTransport] = {}
        self._lock = threading.Lock()
        self._closed = False

    def send(self, request: Request) -> httpx.Response:
        """Send a request and return the answer, whose body is still to be read; the caller closes it.

        Raises:
            PassingError: The connection failed; another may not.
            RegistryError: It cannot work, or the connections are closed.
        """
        headers = {"User-Agent": "odahu-pack", "Accept-Encoding": "identity", **request.headers}
        headers["Content-Length"] = str(request.body.size if request.body else 0)
        if request.body is None and request.method in {"GET", "HEAD", "DELETE"}:
            del headers["Content-Length"]
        timeout = httpx.Timeout(
            connect=_CONNECT_SECONDS, read=request.read_seconds, write=_WRITE_SECONDS, pool=READ_SECONDS
        )
        with failures_told(request.action, request.url):
            message = httpx.Request(
                request.method,
                request.url,
                headers=headers,
                content=request.body.chunks if request.body else None,
                extensions={"timeout": timeout.as_dict()},
            )
            return self._transport(request).handle_request(message)

    def close(self) -> None:
        """Close all connections, and make no more."""
        with self._lock:
            self._closed = True
            transports = list(self._transports.values())
            self._transports.clear()
        for transport in transports:
            transport.close()

    def _transport(self, request: Request) -> httpx.HTTPTransport:
        url = request.url
        key = (urlsplit(url).scheme, proxy_for(url, self._environ))
        with self._lock:
            if self._closed:
                raise RegistryError(f"cannot {request.action}: the run has ended", code="closed")
            if key not in self._transports:
                with _proxy_told(url):
                    self._transports[key] = self._opened(*key)
            return self._transports[key]

    def _opened(self, scheme: str, proxy: str | None) -> httpx.HTTPTransport:
        # The bare context trusts nobody: where no TLS is meant to be spoken, none can be.
        context = self._context() if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.HTTPTransport(
            verify=context,
            trust_env=False,
            limits=_LIMITS,
            proxy=self._proxy(proxy) if proxy else None,
            socket_options=_SOCKET_OPTIONS,
        )

    def _proxy(self, address: str) -> httpx.Proxy:
        return httpx.Proxy(address, ssl_context=self._context() if address.startswith("https:") else None)

    def _context(self) -> ssl.SSLContext:
        return trusting_context(self._environ)


@contextmanager
def failures_told(action: str, url: str) -> Iterator[None]:
    """Turn failures of a connection into errors in words that hold no secret.

    Args:
        action: What is tried, in words that follow "cannot".
        url: What is asked for; only its host is told.

    Raises:
        PassingError: Another try may help.
        RegistryError: It will not.
    """
    host = urlsplit(url).netloc.rpartition("@")[2]
    try:
        yield
    except httpx.ConnectError as error:
        raise _unreachable(action, host, cleaned(str(error))) from None
    except httpx.ConnectTimeout:
        raise _unreachable(action, host, "nobody answered in time") from None
    except httpx.TimeoutException:
        raise _passing(f"cannot {action}: {host} did not answer in time") from None
    except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL):
        # Their messages quote headers and addresses.
        raise RegistryError(f"cannot {action}: no request can be made to {host}", code="bad-answer") from None
    except httpx.ProxyError as error:
        raise _proxy_refused(action, host, cleaned(str(error))) from None
    except httpx.TransportError as error:
        reason = cleaned(str(error)) or "it was closed"
        raise _passing(f"cannot {action}: the connection to {host} broke: {reason}") from None


@contextmanager
def _proxy_told(url: str) -> Iterator[None]:
    """Turn what httpx says of a proxy's address, which may hold a password, into an error without it."""
    try:
        yield
    except (ValueError, ImportError, httpx.InvalidURL):
        message = f"the proxy that the environment names for {urlsplit(url).netloc} cannot be used"
        raise RegistryError(message, code="bad-proxy", hint="write it as http://HOST:PORT") from None


def _passing(message: str) -> PassingError:
    return PassingError(message, code=_UNREACHABLE)


def _proxy_refused(action: str, host: str, reason: str) -> RegistryError:
    message = f"cannot {action}: the proxy does not lead to {host}: {reason}"
    if reason[:3].isdigit() and int(reason[:3]) in PASSING_STATUSES:
        return _passing(message)
    return RegistryError(message, code=_UNREACHABLE, hint="check the proxy, or name the host in no_proxy")


def _unreachable(action: str, host: str, reason: str) -> RegistryError:
    message = f"cannot {action}: {host} cannot be reached: {reason}"
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        hint = "if a private authority signed its certificate, let SSL_CERT_FILE name that one's certificate"
        return RegistryError(message, code=_UNREACHABLE, hint=hint)
    if "SSL" in reason:
        hint = "if the registry speaks plain HTTP, write http:// in the connection's uri"
        return RegistryError(message, code=_UNREACHABLE, hint=hint)
    if any(words in reason for words in _UNKNOWN_NAME):
        return RegistryError(message, code=_UNREACHABLE, hint="check the registry's name")
    return PassingError(message, code=_UNREACHABLE, tries=REFUSED_TRIES)
