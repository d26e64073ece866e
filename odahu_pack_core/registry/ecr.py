"""Ways into Amazon's Elastic Container Registry: tokens, and repositories made when missing, by boto3."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from typing import TYPE_CHECKING

from odahu_pack_core.errors import SpecError
from odahu_pack_core.plan.reference import ImageReference, registry_prefix
from odahu_pack_core.plugins.protocols import Credentials
from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.spec.origin import Problem
from odahu_pack_core.values import dataclass

from .aws import aws_session, aws_told, pair_problems
from .ecr_host import URI_FORM, EcrHost

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient


@dataclass(frozen=True)
class EcrAccess:
    """A way into the registry of a connection of type ``ecr``.

    Args:
        connection: Where the registry is, and its keys.
        environ: The environment variables that secrets may name.
    """

    connection: Connection
    environ: Mapping[str, str] = field(repr=False)

    @property
    def host(self) -> str:
        """The registry's host."""
        return registry_prefix(self.connection.spec.uri)[0]

    @property
    def plain_http(self) -> bool:
        """Never: ECR speaks TLS."""
        return False

    def credentials(self) -> Credentials:
        """Fetch a token, which is valid for some hours.

        Raises:
            SpecError: A key cannot be read from where it is said to be.
            RegistryError: AWS refused or cannot be reached.
        """
        with aws_told(self.connection, "give a token for its registry"):
            answer = self._client().get_authorization_token()
        token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
        username, _, password = token.partition(":")
        return Credentials(username, password, f"connection {self.connection.id}")

    def prepare_push(self, image: ImageReference) -> None:
        """Create the image's repository unless it is there.

        Raises:
            SpecError: A key cannot be read from where it is said to be.
            RegistryError: AWS refused or cannot be reached.
        """
        account, repository = self._registry.account, image.repository
        with aws_told(self.connection, f"create the repository {repository}"):
            client = self._client()
            try:
                client.describe_repositories(registryId=account, repositoryNames=[repository])
            except client.exceptions.RepositoryNotFoundException:
                # Another run may make it at the same moment.
                with suppress(client.exceptions.RepositoryAlreadyExistsException):
                    client.create_repository(registryId=account, repositoryName=repository)

    @property
    def _registry(self) -> EcrHost:
        registry = EcrHost.of(self.host)
        if registry is None:
            raise SpecError(f"{self.connection.place(('spec', 'uri'))}: must be {URI_FORM}", code="invalid")
        return registry

    def _client(self) -> ECRClient:
        from botocore.config import Config  # noqa: PLC0415  # slow to import, needed only for ECR

        config = Config(
            connect_timeout=10,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 3},
            use_fips_endpoint=self._registry.fips or None,
        )
        return aws_session(self.connection, self._registry.region, self.environ).client("ecr", config=config)


def ecr_problems(connection: Connection) -> list[Problem]:
    """Find what a connection of type ``ecr`` lacks."""
    spec = connection.spec
    problems = pair_problems(connection)
    try:
        registry = EcrHost.of(registry_prefix(spec.uri)[0])
    except SpecError:
        registry = None
    if registry is None:
        problems.append(Problem(("spec", "uri"), f"must be {URI_FORM}"))
    elif spec.region and spec.region != registry.region:
        problems.append(Problem(("spec", "region"), f"{spec.region!r} is not the uri's {registry.region!r}"))
    return problems
