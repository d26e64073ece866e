"""Where a registry's API is: scheme and authority of its host, and what repositories are called there."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from odahu_pack_core.plan.reference import DOCKER_HUB
from odahu_pack_core.values import dataclass

_HUB_API: Final = f"registry-1.{DOCKER_HUB}"
_HUB_OFFICIAL: Final = "library"
_PROBE_SECONDS: Final = 5.0
_MISTAKEN: Final = 400  # what TLS servers answer to plain HTTP, where they answer at all
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Endpoint:
    """Where a registry's API is.

    Args:
        host: The registry as image names have it.
        scheme: ``http`` or ``https``.
        authority: Host and optional port to connect to.
    """

    host: str
    scheme: str
    authority: str

    @classmethod
    def find(cls, host: str, *, plain_http: bool = False) -> Endpoint:
        """Find the API of a registry.

        Args:
            host: The registry as image names have it.
            plain_http: Whether the user asked for plain HTTP. A registry on loopback is asked
                what it speaks; any other one speaks TLS.
        """
        authority = _HUB_API if host == DOCKER_HUB else host
        parts = urlsplit(f"//{authority}")
        loopback = is_loopback(parts.hostname or "")
        plain = host != DOCKER_HUB and (plain_http or (loopback and not _speaks_tls(parts)))
        return cls(host, "http" if plain else "https", authority)

    @property
    def plain(self) -> bool:
        """Whether it speaks plain HTTP."""
        return self.scheme == "http"

    @property
    def hostname(self) -> str:
        """The host without its port."""
        return urlsplit(f"//{self.authority}").hostname or ""

    def repository(self, name: str) -> str:
        """Return what a repository is called at this registry: Docker Hub's official ones have a folder."""
        return f"{_HUB_OFFICIAL}/{name}" if self.host == DOCKER_HUB and "/" not in name else name

    def url(self, path: str) -> str:
        """Return the address of a path of the API."""
        return f"{self.scheme}://{self.authority}{path}"

    def own(self, parts: SplitResult) -> SplitResult:
        """Mend an address of this registry's: behind a proxy it may name itself with the wrong scheme."""
        same = parts.netloc.lower() == self.authority.lower()
        return parts._replace(scheme=self.scheme) if same else parts

    def owns(self, url: str) -> bool:
        """Tell whether an address is this registry's own, so that it may see credentials."""
        parts = urlsplit(url)
        return _origin(parts) == _origin(urlsplit(self.url("")))


def is_loopback(hostname: str) -> bool:
    """Tell whether a host is this machine."""
    if hostname == "localhost":
        return True
    try:
        return ip_address(hostname).is_loopback
    except ValueError:
        return False


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _speaks_tls(parts: SplitResult) -> bool:
    """Ask a port on loopback in plain HTTP, which costs least, and try TLS where that was a mistake."""
    hostname = parts.hostname or ""
    speaks_http = _speaks_http((hostname, parts.port or _DEFAULT_PORTS["http"]))
    return not speaks_http and _shakes_hands((hostname, parts.port or _DEFAULT_PORTS["https"]))


def _speaks_http(place: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(place, _PROBE_SECONDS) as connection:
            connection.sendall(b"HEAD /v2/ HTTP/1.0\r\nHost: localhost\r\n\r\n")
            answer = connection.recv(16)
    except OSError:
        return False
    status = answer[9:12]
    return answer.startswith(b"HTTP/1.") and status.isdigit() and int(status) != _MISTAKEN


def _shakes_hands(place: tuple[str, int]) -> bool:
    # Nothing is sent over this connection; whom to trust is decided when something is.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with suppress(OSError), socket.create_connection(place, _PROBE_SECONDS) as connection:
        context.wrap_socket(connection).close()
        return True
    return False
