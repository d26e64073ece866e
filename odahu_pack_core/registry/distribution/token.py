"""Tokens and who gives them out: https://distribution.github.io/distribution/spec/auth/ (token, oauth)."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import field
from typing import Any, Final
from urllib.parse import SplitResult, urlencode, urlsplit

import httpx

from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plugins.protocols import IDENTITY_TOKEN_USER, Credentials
from odahu_pack_core.plugins.refusal import refusal, without_secret
from odahu_pack_core.values import dataclass

from .address import web_address
from .challenge import Challenge
from .clock import Clock
from .endpoint import Endpoint, is_loopback
from .retrying import PASSING_STATUSES, PassingError, persist, retry_after
from .scope import Scopes, scope_texts
from .wire import Body, Request, Wire, failures_told
from .words import read_at_most, said

_MOST_TOKEN_BYTES: Final = 1024 * 1024
_CLIENT: Final = "odahu-pack"
_SHORTEST_LIFE: Final = 60  # what the specification takes for granted where nothing is said
_LONGEST_LIFE: Final = 24 * 3600
_MARGIN_SECONDS: Final = 10
_SENDABLE: Final = re.compile(r"[\x21-\x7e]+")
_OK: Final = 200
_REFUSALS: Final = frozenset({400, 401, 403})


@dataclass(frozen=True)
class Token:
    """A token of a registry.

    Args:
        value: The secret; no repr shows it.
        until: When it expires, as the clock's ``monotonic`` tells it.
    """

    value: str = field(repr=False)
    until: float


class TokenServer:
    """Fetches tokens from whom a registry names.

    Args:
        endpoint: The registry.
        wire: Leads to the token server.
        clock: Tells when tokens expire, and waits.
    """

    def __init__(self, endpoint: Endpoint, wire: Wire, clock: Clock) -> None:
        self._endpoint = endpoint
        self._wire = wire
        self._clock = clock

    def fetch(
        self, challenge: Challenge, scopes: Scopes, credentials: Credentials | None, action: str
    ) -> Token:
        """Fetch a token.

        Args:
            challenge: Names the token server and the service.
            scopes: What the token must allow.
            credentials: Who asks; None for anonymous.
            action: What it is for, in words.

        Raises:
            RegistryError: The token server refused or failed, or must not be asked.
        """
        realm = self._trusted(challenge.parameters["realm"], action)
        request = _request(action, realm, challenge.parameters.get("service", ""), scopes, credentials)
        return persist(lambda: self._fetched(request, credentials), self._clock)

    def _trusted(self, realm: str, action: str) -> str:
        """Refuse to carry credentials to where anybody may read them."""
        parts = web_address("", realm)
        if parts is None or not self._is_private(parts):
            raise RegistryError(
                f"cannot {action}: the registry {self._endpoint.host} names a token server that does not "
                "speak TLS, so it is not asked",
                code="bad-answer",
            )
        return parts.geturl()

    def _is_private(self, parts: SplitResult) -> bool:
        # Who lets a registry speak plain HTTP lets its token server do so, on the same host or on this one.
        hostname = parts.hostname or ""
        near = is_loopback(hostname) or hostname == self._endpoint.hostname
        return parts.scheme == "https" or (self._endpoint.plain and near)

    def _fetched(self, request: Request, credentials: Credentials | None) -> Token:
        started = self._clock.monotonic()
        response = self._wire.send(request)
        try:
            with failures_told(request.action, request.url):
                if response.status_code != _OK:
                    raise self._failure(request.action, response, credentials)
                content = read_at_most(request.action, response, _MOST_TOKEN_BYTES, self._clock)
        finally:
            response.close()
        return self._read(content, started, request.action)

    def _failure(
        self, action: str, response: httpx.Response, credentials: Credentials | None
    ) -> RegistryError:
        host, reason = self._endpoint.host, without_secret(said(response, self._clock), credentials)
        if response.status_code in _REFUSALS:
            return refusal(f"cannot {action}", host, credentials, reason)
        message = f"cannot {action}: the token server of {host} answered {reason}"
        if response.status_code in PASSING_STATUSES:
            return PassingError(message, wait=retry_after(response.headers.get("retry-after"), self._clock))
        return RegistryError(message, code="registry-failed")

    def _read(self, content: bytes, started: float, action: str) -> Token:
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            answer = None
        fields: dict[str, Any] = answer if isinstance(answer, dict) else {}
        value = fields.get("token") or fields.get("access_token")
        if not isinstance(value, str) or not _SENDABLE.fullmatch(value):
            message = f"cannot {action}: the token server of {self._endpoint.host} gave no token"
            raise RegistryError(message, code="bad-answer")
        return Token(value, started + _life(fields.get("expires_in")) - _MARGIN_SECONDS)


def _life(seconds: object) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        return _SHORTEST_LIFE
    return float(min(seconds, _LONGEST_LIFE))


def _request(
    action: str, realm: str, service: str, scopes: Scopes, credentials: Credentials | None
) -> Request:
    texts = scope_texts(scopes)
    if credentials is not None and credentials.username == IDENTITY_TOKEN_USER:
        fields = {"grant_type": "refresh_token", "service": service, "client_id": _CLIENT}
        form = urlencode({**fields, "scope": " ".join(texts), "refresh_token": credentials.password}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request(action, "POST", realm, headers, Body(len(form), [form]))
    query = urlencode([*([("service", service)] if service else []), *(("scope", text) for text in texts)])
    url = f"{realm}{'&' if urlsplit(realm).query else '?'}{query}"
    headers = {"Authorization": basic(credentials)} if credentials is not None else {}
    return Request(action, "GET", url, headers)


def basic(credentials: Credentials) -> str:
    """Return a user and password as an Authorization header has them: RFC 7617."""
    pair = f"{credentials.username}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"
