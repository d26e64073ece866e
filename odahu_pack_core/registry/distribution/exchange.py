"""A request to a registry and its answer: with a login where one is asked for, to where it redirects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from typing import Final

import httpx

from odahu_pack_core.errors import RegistryError
from odahu_pack_core.values import dataclass

from .address import web_address
from .clock import Clock
from .endpoint import Endpoint
from .login import Login, Rejection
from .retrying import PASSING_STATUSES, PassingError, retry_after
from .scope import Scopes
from .wire import READ_SECONDS, Body, Request, Wire, failures_told
from .words import drain, said

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 5
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_REJECTIONS: Final = frozenset({400, 404})


@dataclass(frozen=True)
class Content:
    """What a request carries, made anew each time that it is sent.

    Args:
        size: Its bytes.
        chunks: Makes them.
    """

    size: int
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True)
class Question:
    """What a registry is asked.

    Args:
        action: It in words, to follow "cannot".
        method: The HTTP method.
        url: The address; no repr shows it, for it may be signed.
        scopes: What a token must allow.
        headers: More headers.
        content: What it carries.
        read_seconds: How long the registry may be silent.
    """

    action: str
    method: str
    url: str = field(repr=False)
    scopes: Scopes
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Content | None = None
    read_seconds: float = READ_SECONDS


class Exchange:
    """Asks one registry; shared by threads.

    Args:
        endpoint: The registry.
        wire: Leads there.
        login: What it is shown.
        clock: Time.
    """

    def __init__(self, endpoint: Endpoint, wire: Wire, login: Login, clock: Clock) -> None:
        self.endpoint = endpoint
        self.clock = clock
        self._wire = wire
        self._login = login

    @contextmanager
    def ask(self, question: Question, *expected: int) -> Iterator[httpx.Response]:
        """Ask, and give the answer while its body is read.

        Args:
            question: What is asked.
            expected: The statuses that are no error.

        Raises:
            PassingError: It failed, and another try may help.
            RegistryError: It failed for good.
        """
        response = self._authorized(question)
        try:
            with failures_told(question.action, question.url):
                if response.status_code not in expected:
                    raise self._failure(question, response)
                yield response
                drain(response, question.method)
        finally:
            response.close()

    def _authorized(self, question: Question) -> httpx.Response:
        shown = self._login.authorization(question.scopes, question.action)
        response = self._redirected(question, shown)
        if response.status_code != _UNAUTHORIZED or not self.endpoint.owns(question.url):
            return response
        rejection = Rejection(shown, response.headers.get_list("www-authenticate"), self._said(response))
        renewed = self._login.renewed(rejection, question.scopes, question.action)
        return self._redirected(question, renewed)

    def _redirected(self, question: Question, shown: str | None) -> httpx.Response:
        url = question.url
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._wire.send(self._request(replace(question, url=url), shown))
            location = response.headers.get("location")
            if question.content or response.status_code not in _REDIRECTS or not location:
                return response
            with failures_told(question.action, url):
                drain(response, question.method)
            response.close()
            url = self._next(question, url, location)
        raise self._bad(question, f"it redirects more than {_MOST_REDIRECTS} times")

    def _request(self, question: Question, shown: str | None) -> Request:
        # Credentials are for the registry alone, not for the storage that it may redirect to.
        login = {"Authorization": shown} if shown and self.endpoint.owns(question.url) else {}
        content = question.content
        body = Body(content.size, content.chunks()) if content else None
        headers = {**question.headers, **login}
        return Request(question.action, question.method, question.url, headers, body, question.read_seconds)

    def _next(self, question: Question, url: str, location: str) -> str:
        following = web_address(url, location)
        if following is None:
            raise self._bad(question, "it redirects to what is no web address")
        following = self.endpoint.own(following)
        if url.startswith("https:") and following.scheme != "https":
            raise self._bad(question, "it redirects to plain HTTP")
        return following.geturl()

    def _said(self, response: httpx.Response) -> str:
        try:
            return said(response, self.clock)
        finally:
            response.close()

    def _failure(self, question: Question, response: httpx.Response) -> RegistryError:
        status, reason = response.status_code, self._login.masked(self._said(response))
        if status in {_UNAUTHORIZED, _FORBIDDEN}:
            return self._login.refused(question.action, reason)
        message = f"cannot {question.action}: the registry {self.endpoint.host} answered {reason}"
        if status in PASSING_STATUSES:
            return PassingError(message, wait=retry_after(response.headers.get("retry-after"), self.clock))
        return RegistryError(message, code="request-rejected" if status in _REJECTIONS else "registry-failed")

    def _bad(self, question: Question, reason: str) -> RegistryError:
        message = f"cannot {question.action}: the answer of {self.endpoint.host} is wrong: {reason}"
        return RegistryError(message, code="bad-answer")
