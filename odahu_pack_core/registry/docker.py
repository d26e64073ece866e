"""Ways into an image registry with a user name and password, with the user's own login, or with nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from odahu_pack_core.errors import RegistryError, SpecError
from odahu_pack_core.plan.reference import DOCKER_HUB, ImageReference, registry_prefix
from odahu_pack_core.plugins.protocols import Credentials, RegistryAccess
from odahu_pack_core.spec.connection import Connection, EncodedSecret, reveal
from odahu_pack_core.spec.origin import Problem
from odahu_pack_core.values import dataclass

from .hub import canonical_host
from .user_login import user_credentials


@dataclass(frozen=True)
class UserAccess:
    """A way into a registry with what the user is logged in to, else anonymous.

    Args:
        host: The registry.
        environ: The environment variables of the run.
    """

    host: str
    environ: Mapping[str, str] = field(repr=False)

    @property
    def plain_http(self) -> bool:
        """Never: nobody wrote ``http://``."""
        return False

    def credentials(self) -> Credentials | None:
        """Return what ``docker login`` left; None for anonymous access.

        Raises:
            RegistryError: The Docker config or its credential helper failed.
        """
        return user_credentials(self.host, self.environ)

    def prepare_push(self, image: ImageReference) -> None:
        """Refuse names that the registry has no place for.

        Raises:
            RegistryError: The image would land among Docker Hub's official ones.
        """
        check_namespace(self.host, image)


@dataclass(frozen=True)
class DockerAccess:
    """A way into the registry of a connection of type ``docker``.

    Args:
        connection: Where the registry is, and its credentials.
        environ: The environment variables of the run.
    """

    connection: Connection
    environ: Mapping[str, str] = field(repr=False)

    @property
    def host(self) -> str:
        """The registry's host with optional port."""
        return canonical_host(registry_prefix(self.connection.spec.uri)[0])

    @property
    def plain_http(self) -> bool:
        """Whether the connection's uri says ``http://``."""
        return self.connection.spec.uri.lower().startswith("http://")

    def credentials(self) -> Credentials | None:
        """Return the connection's credentials, else the user's own; None for anonymous access.

        Raises:
            SpecError: The password cannot be read from where it is said to be.
            RegistryError: The Docker config or its credential helper failed.
        """
        spec = self.connection.spec
        if not spec.username or spec.password is None:
            return user_credentials(self.host, self.environ)
        return Credentials(
            spec.username,
            reveal(spec.password, self.environ, f"connection {self.connection.id}: password"),
            f"connection {self.connection.id}",
            was_base64=isinstance(spec.password, EncodedSecret),
        )

    def prepare_push(self, image: ImageReference) -> None:
        """Refuse names that the registry has no place for.

        Raises:
            RegistryError: The image would land among Docker Hub's official ones.
        """
        check_namespace(self.host, image)


def user_access(host: str, environ: Mapping[str, str]) -> RegistryAccess:
    """Return the way into a registry for which there is no connection.

    Args:
        host: The registry.
        environ: The environment variables of the run.
    """
    return UserAccess(canonical_host(host), environ)


def check_namespace(host: str, image: ImageReference) -> None:
    """Refuse to push to Docker Hub without a user's or an organisation's name.

    Raises:
        RegistryError: The image's name has none.
    """
    if host == DOCKER_HUB and "/" not in image.repository:
        raise RegistryError(
            f"{image} has no namespace, and Docker Hub keeps such names for its official images",
            code="no-namespace",
            hint=f"let the connection's uri be {DOCKER_HUB}/YOUR-NAME",
        )


def docker_problems(connection: Connection) -> list[Problem]:
    """Find what a connection of type ``docker`` lacks."""
    spec = connection.spec
    problems = uri_problems(spec.uri)
    if spec.username and spec.password is None:
        problems.append(Problem(("spec", "password"), "is required, since there is a username"))
    if spec.password is not None and not spec.username:
        problems.append(Problem(("spec", "username"), "is required, since there is a password"))
    return problems


def uri_problems(uri: str) -> list[Problem]:
    """Find what is wrong with the uri of a registry."""
    path = ("spec", "uri")
    try:
        host, prefix = registry_prefix(uri)
    except SpecError as error:
        return [Problem(path, error.message)]
    if not ("." in host or ":" in host or host == "localhost"):
        # Engines read such a name as a namespace of Docker Hub.
        return [Problem(path, f"{host!r} is not a registry's host; for Docker Hub write {DOCKER_HUB}/{host}")]
    if canonical_host(host) == DOCKER_HUB and (host.lower() != DOCKER_HUB or prefix == "v1"):
        return [
            Problem(path, f"Docker Hub is called {DOCKER_HUB} in image names; write {DOCKER_HUB}/YOUR-NAME")
        ]
    return []
