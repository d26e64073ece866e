"""The registry of a host, as engines ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress

from odahu_pack_core.blob.descriptor import Blob, Descriptor
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plugins.distribution import FetchedManifest
from odahu_pack_core.plugins.protocols import RegistryAccess
from odahu_pack_core.plugins.refusal import REFUSED

from .clock import Clock
from .download import open_blob
from .endpoint import Endpoint
from .exchange import Exchange, Question
from .login import Login
from .manifests import Manifests
from .paths import blob_path, mount_path
from .retrying import persist
from .scope import pulling, pushing
from .token import TokenServer
from .upload import push_blob
from .upload_session import UploadSession
from .wire import Wire

_OK, _CREATED, _ACCEPTED, _NOT_FOUND = 200, 201, 202, 404
_NO_MOUNT = (_ACCEPTED, 403, _NOT_FOUND, 405)


class DistributionRegistry:
    """An `ImageRegistry` that speaks the OCI distribution API; safe to use from several threads.

    Args:
        endpoint: Where its API is.
        access: The way in; None for anonymous access.
        environ: Names proxies and certificates.
        clock: Time.
    """

    def __init__(
        self, endpoint: Endpoint, access: RegistryAccess | None, environ: Mapping[str, str], clock: Clock
    ) -> None:
        self._endpoint = endpoint
        self._wire = Wire(environ)
        login = Login(endpoint, access, TokenServer(endpoint, self._wire, clock), clock)
        self._exchange = Exchange(endpoint, self._wire, login, clock)
        self._manifests = Manifests(self._exchange)

    @property
    def host(self) -> str:
        """The registry's host with optional port, as image names have it."""
        return self._endpoint.host

    def manifest(self, repository: str, reference: str) -> FetchedManifest | None:
        """Return a manifest or index by tag or digest; None when the registry has none of that name.

        Raises:
            RegistryError: The registry refused or failed, or its answer is not what was asked for.
        """
        return self._manifests.read(self._name(repository), reference)

    def has_manifest(self, repository: str, digest: str) -> bool:
        """Tell whether a repository holds a manifest.

        Raises:
            RegistryError: The registry refused or failed.
        """
        return self._manifests.exists(self._name(repository), digest)

    def has_blob(self, repository: str, digest: str) -> bool:
        """Tell whether a repository holds a blob.

        Raises:
            RegistryError: The registry refused or failed.
        """
        name = self._name(repository)
        url = self._endpoint.url(blob_path(name, digest))
        question = Question(f"look for the blob {digest} in {name}", "HEAD", url, pulling(name))
        return persist(lambda: self._status(question, _OK, _NOT_FOUND) == _OK, self._exchange.clock)

    def open_blob(self, repository: str, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """Give a blob's content in chunks, resumed where a connection breaks, and checked at its end.

        Raises:
            RegistryError: The registry refused or failed, or the content is another one.
        """
        return open_blob(self._exchange, self._name(repository), descriptor)

    def mount_blob(self, repository: str, digest: str, source: str) -> bool:
        """Make a blob of another repository of this registry appear in one; False where it cannot.

        Raises:
            RegistryError: The registry failed.
        """
        name, origin = self._name(repository), self._name(source)
        action = f"mount the blob {digest} of {origin} in {name}"
        url = self._endpoint.url(mount_path(name, digest, origin))
        question = Question(action, "POST", url, pushing(name) | pulling(origin))
        try:
            return persist(lambda: self._mounted(question), self._exchange.clock)
        except RegistryError as error:
            if error.code == REFUSED:
                return False
            raise

    def push_blob(self, repository: str, blob: Blob, sent: Callable[[int], None]) -> None:
        """Upload a blob, resumed or begun again where the registry loses it.

        Raises:
            RegistryError: The registry refused or failed, or the blob is not what its descriptor says.
        """
        push_blob(self._exchange, self._name(repository), blob, sent)

    def put_manifest(self, repository: str, reference: str, content: bytes, media_type: str) -> str:
        """Store a manifest under a tag or digest, and return its digest.

        Raises:
            RegistryError: The registry refused or failed, or stored something else.
        """
        return self._manifests.store(self._name(repository), reference, content, media_type)

    def close(self) -> None:
        """Close all connections; who still waits to try something again gives up."""
        self._wire.close()
        self._exchange.clock.wake()

    def _name(self, repository: str) -> str:
        return self._endpoint.repository(repository)

    def _status(self, question: Question, *expected: int) -> int:
        with self._exchange.ask(question, *expected) as response:
            return response.status_code

    def _mounted(self, question: Question) -> bool:
        """Mount; a registry that cannot has begun an upload instead, which nobody wants."""
        with self._exchange.ask(question, _CREATED, *_NO_MOUNT) as response:
            if response.status_code != _ACCEPTED:
                return response.status_code == _CREATED
            session = UploadSession(self._exchange, question.action, question.scopes, question.url)
            with suppress(RegistryError):
                session.follow(response)
                session.cancel()
            return False
