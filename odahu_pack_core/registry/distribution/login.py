"""How the client authenticates: not at all, as a user, or with tokens that are kept while they are valid."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import field
from typing import Final

from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plugins.protocols import Credentials, RegistryAccess
from odahu_pack_core.plugins.refusal import refusal
from odahu_pack_core.values import dataclass

from .challenge import Challenge, parse_challenges
from .clock import Clock
from .endpoint import Endpoint
from .scope import Scopes
from .token import Token, TokenServer, basic

_BEARER: Final = "bearer"
_BASIC: Final = "basic"
_MASK: Final = "*****"


@dataclass(frozen=True)
class Rejection:
    """An answer 401.

    Args:
        shown: The Authorization header of the request; None where it had none.
        challenges: The WWW-Authenticate headers of the answer.
        reason: What the registry said.
    """

    shown: str | None = field(repr=False)
    challenges: Sequence[str]
    reason: str


class Login:
    """What a registry is shown; shared by threads, of which one at a time fetches a token.

    Args:
        endpoint: The registry.
        access: Has the credentials, which are asked for when the registry wants some; None for anonymous.
        tokens: Fetches tokens.
        clock: Tells when a token expires.
    """

    def __init__(
        self, endpoint: Endpoint, access: RegistryAccess | None, tokens: TokenServer, clock: Clock
    ) -> None:
        self._endpoint = endpoint
        self._access = access
        self._server = tokens
        self._clock = clock
        self._lock = threading.Lock()
        self._challenge: Challenge | None = None
        self._credentials: Credentials | None = None
        self._has_asked = False
        self._tokens: dict[Scopes, Token] = {}

    def authorization(self, scopes: Scopes, action: str) -> str | None:
        """Return the Authorization header of a request; None where the registry wants none, or not yet.

        Args:
            scopes: What the request needs.
            action: What it does, in words.

        Raises:
            RegistryError: No token can be had.
        """
        with self._lock:
            return self._authorization(scopes, action)

    def renewed(self, rejection: Rejection, scopes: Scopes, action: str) -> str:
        """Return what to show instead of what was rejected.

        Args:
            rejection: The answer.
            scopes: What the request needs.
            action: What it does, in words.

        Raises:
            RegistryError: There is nothing else to show.
        """
        with self._lock:
            if rejection.shown is not None:
                current = self._authorization(scopes, action)
                if current not in {None, rejection.shown}:
                    return current or ""  # another thread was faster
                self._forget(scopes)
            self._challenge = self._chosen(rejection.challenges, action)
            renewed = self._authorization(scopes, action)
            if renewed is None or renewed == rejection.shown:
                raise self.refused(action, rejection.reason)
            return renewed

    def refused(self, action: str, reason: str) -> RegistryError:
        """Return the error that says whom the registry refused, and why.

        Args:
            action: What failed, in words.
            reason: What the registry said.
        """
        return refusal(f"cannot {action}", self._endpoint.host, self._credentials, self.masked(reason))

    def masked(self, text: str) -> str:
        """Return what a registry said without secrets that it may repeat."""
        secrets = [token.value for token in list(self._tokens.values())]
        credentials = self._credentials
        if credentials is not None:
            secrets += [credentials.password, basic(credentials).partition(" ")[2]]
        for secret in filter(None, secrets):
            text = text.replace(secret, _MASK)
        return text

    def _authorization(self, scopes: Scopes, action: str) -> str | None:
        if self._challenge is None:
            return None
        if self._challenge.scheme == _BEARER:
            return f"Bearer {self._token(scopes, self._challenge, action).value}"
        credentials = self._fetched_credentials()
        return basic(credentials) if credentials is not None else None

    def _token(self, scopes: Scopes, challenge: Challenge, action: str) -> Token:
        now = self._clock.monotonic()
        for allowed, token in self._tokens.items():
            if scopes <= allowed and now < token.until:
                return token
        token = self._server.fetch(challenge, scopes, self._fetched_credentials(), action)
        self._tokens[scopes] = token
        return token

    def _fetched_credentials(self) -> Credentials | None:
        if not self._has_asked:
            self._credentials = self._access.credentials() if self._access is not None else None
            self._has_asked = True
        return self._credentials

    def _forget(self, scopes: Scopes) -> None:
        """Forget the tokens that were rejected, and the credentials: they may have expired, too."""
        self._tokens = {allowed: token for allowed, token in self._tokens.items() if not scopes <= allowed}
        self._has_asked = False

    def _chosen(self, headers: Sequence[str], action: str) -> Challenge:
        challenges = parse_challenges(headers)
        bearer = [each for each in challenges if each.scheme == _BEARER and each.parameters.get("realm")]
        for challenge in (*bearer, *(each for each in challenges if each.scheme == _BASIC)):
            return challenge
        known = ", ".join(sorted({each.scheme for each in challenges})) or "none"
        raise RegistryError(
            f"cannot {action}: the registry {self._endpoint.host} asks for a login in no known way ({known})",
            code="bad-answer",
        )
