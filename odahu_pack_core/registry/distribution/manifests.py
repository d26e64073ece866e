"""Manifests and indexes: read, looked for, stored."""

from __future__ import annotations

import json
from typing import Final

import httpx

from odahu_pack_core.blob.descriptor import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    digest_of_bytes,
    is_digest,
)
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plugins.distribution import FetchedManifest

from .exchange import Content, Exchange, Question
from .paths import manifest_path
from .retrying import persist
from .scope import pulling, pushing
from .words import read_at_most

_MEDIA_TYPES: Final = (OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST)
# Registries answer 404 for what is there, but in no media type that was asked for.
_ACCEPT: Final = {"Accept": ", ".join(_MEDIA_TYPES)}
_MOST_BYTES: Final = 4 * 1024 * 1024
_OK, _CREATED, _ACCEPTED, _NOT_FOUND = 200, 201, 202, 404


class Manifests:
    """The manifests of one registry.

    Args:
        exchange: Asks the registry.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def read(self, repository: str, reference: str) -> FetchedManifest | None:
        """Return a manifest or index; None when there is none of that name.

        Args:
            repository: As the registry calls it.
            reference: A tag or digest.

        Raises:
            RegistryError: The registry refused or failed, or its answer is not what was asked for.
        """
        question = self._question("GET", repository, reference)
        return persist(lambda: self._read(question, reference), self._exchange.clock)

    def exists(self, repository: str, digest: str) -> bool:
        """Tell whether there is a manifest.

        Raises:
            RegistryError: The registry refused or failed.
        """
        question = self._question("HEAD", repository, digest)

        def look() -> bool:
            with self._exchange.ask(question, _OK, _NOT_FOUND) as response:
                return response.status_code == _OK

        return persist(look, self._exchange.clock)

    def store(self, repository: str, reference: str, content: bytes, media_type: str) -> str:
        """Store a manifest under a tag or digest, and return its digest.

        Raises:
            RegistryError: The registry refused or failed, or stored something else.
        """
        digest = digest_of_bytes(content)
        question = Question(
            f"store the manifest of {repository}:{reference}",
            "PUT",
            self._exchange.endpoint.url(manifest_path(repository, reference)),
            pushing(repository),
            {"Content-Type": media_type},
            Content(len(content), lambda: [content]),
        )

        def put() -> str:
            with self._exchange.ask(question, _OK, _CREATED, _ACCEPTED) as response:
                _check_stored(question.action, response, digest)
                return digest

        return persist(put, self._exchange.clock)

    def _question(self, method: str, repository: str, reference: str) -> Question:
        separator = "@" if is_digest(reference) else ":"
        return Question(
            f"read the manifest of {repository}{separator}{reference}",
            method,
            self._exchange.endpoint.url(manifest_path(repository, reference)),
            pulling(repository),
            _ACCEPT,
        )

    def _read(self, question: Question, reference: str) -> FetchedManifest | None:
        with self._exchange.ask(question, _OK, _NOT_FOUND) as response:
            if response.status_code == _NOT_FOUND:
                return None
            content = read_at_most(question.action, response, _MOST_BYTES, self._exchange.clock)
        digest = digest_of_bytes(content)
        _check_header(question.action, response, digest)
        if is_digest(reference) and digest != reference:
            raise _differs(question.action, digest)
        return FetchedManifest(Descriptor(_media_type(response, content), digest, len(content)), content)


def _media_type(response: httpx.Response, content: bytes) -> str:
    """Return what a manifest is: what the registry says, or where that says nothing, the manifest itself."""
    stated: str = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if stated in _MEDIA_TYPES:
        return stated
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return stated
    own = document.get("mediaType") if isinstance(document, dict) else None
    return own if isinstance(own, str) and own in _MEDIA_TYPES else stated


def _check_stored(action: str, response: httpx.Response, digest: str) -> None:
    """Believe a registry that says "created"; other answers may be pages that a proxy sends to everybody."""
    _check_header(action, response, digest)
    if response.status_code != _CREATED and response.headers.get("docker-content-digest") != digest:
        raise RegistryError(
            f"cannot {action}: the answer {response.status_code} does not say that it is stored",
            code="bad-answer",
        )


def _check_header(action: str, response: httpx.Response, digest: str) -> None:
    """Compare the digest that a registry states; one by another algorithm says nothing."""
    stated = response.headers.get("docker-content-digest", "")
    if stated.startswith("sha256:") and stated != digest:
        raise _differs(action, digest)


def _differs(action: str, digest: str) -> RegistryError:
    return RegistryError(
        f"cannot {action}: the registry names another digest than {digest}, which its content has",
        code="bad-digest",
    )
