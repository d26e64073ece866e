"""One upload that a registry knows: begun by POST, appended to by PATCH, finished by PUT."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx

from odahu_pack_core.errors import RegistryError

from .address import web_address
from .exchange import Content, Exchange, Question
from .paths import uploads_path
from .retrying import PassingError
from .scope import Scopes, pushing
from .wire import READ_SECONDS

BAD_REQUEST: Final = 400
FORGOTTEN: Final = frozenset({404, 416})
"""What a registry answers that lost an upload, or has another idea of how far it is."""

_OK, _CREATED, _ACCEPTED, _NO_CONTENT = 200, 201, 202, 204
_STORED: Final = re.compile(r"(?:bytes=)?0-(\d{1,18})")
_STORED_PER_SECOND: Final = 10_000_000
_OCTETS: Final = {"Content-Type": "application/octet-stream"}


@dataclass
class UploadSession:
    """An upload that the registry knows.

    Args:
        exchange: Asks the registry.
        action: What is done, in words that follow "cannot".
        scopes: What a token must allow.
        url: Where it goes on; no repr shows it, for it may be signed.
        least_chunk: The least that a PATCH may carry; None where the registry named none.
        stored: Bytes that the registry has.
        resumed: Whether it broke off before.
    """

    exchange: Exchange = field(repr=False)
    action: str
    scopes: Scopes
    url: str = field(repr=False)
    least_chunk: int | None = None
    stored: int = 0
    resumed: bool = False

    @classmethod
    def begin(cls, exchange: Exchange, repository: str, action: str) -> UploadSession:
        """Begin an upload.

        Args:
            exchange: Asks the registry.
            repository: As the registry calls it.
            action: What is done, in words that follow "cannot".

        Raises:
            RegistryError: The registry refused or failed.
        """
        session = cls(exchange, action, pushing(repository), exchange.endpoint.url(uploads_path(repository)))
        with session._ask("POST", (_ACCEPTED,)) as response:
            if "location" not in response.headers:
                raise session._bad("it does not say where the upload goes on")
            session.follow(response)
            least = response.headers.get("oci-chunk-min-length", "")
        session.least_chunk = int(least[:18]) if least.isascii() and least.isdigit() else None
        return session

    def found(self, size: int) -> UploadSession | None:
        """Ask how far the upload is.

        Args:
            size: Bytes that it can have at most.

        Returns:
            None where the registry has nothing of it.

        Raises:
            RegistryError: The registry refused or failed.
        """
        with self._ask("GET", (_OK, _ACCEPTED, _NO_CONTENT, *FORGOTTEN)) as response:
            if response.status_code in FORGOTTEN:
                return None
            self.follow(response)
        self.stored, self.resumed = _stored(response) or 0, True
        # Of an upload without content registries say the same as of one with its first byte.
        return self if 1 < self.stored <= size else None

    def append(self, content: Content) -> int:
        """Send the next chunk, and return the status.

        Raises:
            RegistryError: The registry refused or failed.
        """
        end = self.stored + content.size
        headers = {"Content-Range": f"{self.stored}-{end - 1}"}
        with self._ask("PATCH", (_ACCEPTED, _CREATED, _NO_CONTENT, *FORGOTTEN), content, headers) as response:
            if response.status_code in FORGOTTEN:
                return response.status_code
            self.follow(response)
        reached = _stored(response)
        if reached is not None and not self.stored < reached <= end:
            raise PassingError(f"cannot {self.action}: the registry keeps nothing of what it is sent")
        self.stored = end if reached is None else reached
        return response.status_code

    def finish(self, digest: str, content: Content) -> int:
        """Send what is missing and the digest, and return the status.

        Raises:
            RegistryError: The registry refused or failed, or stored something else.
        """
        separator = "&" if urlsplit(self.url).query else "?"
        url = f"{self.url}{separator}digest={digest.replace(':', '%3A')}"
        expected = (_CREATED, _ACCEPTED, _NO_CONTENT, BAD_REQUEST, *FORGOTTEN)
        with self._ask("PUT", expected, content, url=url) as response:
            stated = response.headers.get("docker-content-digest", "")
            if stated.startswith("sha256:") and stated != digest:
                message = f"cannot {self.action}: the registry stored it under another digest"
                raise RegistryError(message, code="bad-digest")
            return response.status_code

    def cancel(self) -> None:
        """Tell the registry to forget the upload.

        Raises:
            RegistryError: It will not.
        """
        with self._ask("DELETE", (_OK, _ACCEPTED, _NO_CONTENT, *FORGOTTEN)):
            pass

    def follow(self, response: httpx.Response) -> None:
        """Go on where an answer says, if it says so.

        Raises:
            RegistryError: It says something that must not, or cannot, be followed.
        """
        endpoint = self.exchange.endpoint
        parts = web_address(self.url, response.headers.get("location", ""))
        if parts is None or endpoint.own(parts).scheme not in {"https", endpoint.scheme}:
            raise self._bad("it lets the upload go on where nothing may be sent")
        self.url = endpoint.own(parts).geturl()

    def _bad(self, reason: str) -> RegistryError:
        host = self.exchange.endpoint.host
        return RegistryError(
            f"cannot {self.action}: the answer of {host} is wrong: {reason}", code="bad-answer"
        )

    def _ask(
        self,
        method: str,
        expected: tuple[int, ...],
        content: Content | None = None,
        headers: Mapping[str, str] | None = None,
        url: str = "",
    ) -> AbstractContextManager[httpx.Response]:
        sent = {**(headers or {}), **(_OCTETS if content else {})}
        # A registry may check and move a large blob after its last byte came, before it answers.
        patience = READ_SECONDS + (self.stored + content.size if content else 0) / _STORED_PER_SECOND
        question = Question(self.action, method, url or self.url, self.scopes, sent, content, patience)
        return self.exchange.ask(question, *expected)


def _stored(response: httpx.Response) -> int | None:
    """Return how many bytes the registry has; None where it does not say."""
    match = _STORED.fullmatch(response.headers.get("range", ""))
    return int(match[1]) + 1 if match else None
