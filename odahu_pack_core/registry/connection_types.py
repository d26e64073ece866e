"""The connection types of the core: two kinds of image registry, and the storages that ODAHU knows."""

from __future__ import annotations

from collections.abc import Mapping

from odahu_pack_core.plugins.protocols import RegistryAccess
from odahu_pack_core.plugins.records import ConnectionTypeRecord
from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.spec.origin import Problem

from .aws import pair_problems
from .docker import DockerAccess, docker_problems


def connection_types() -> tuple[ConnectionTypeRecord, ...]:
    """Return a record for each connection type of the core."""
    return (
        ConnectionTypeRecord("docker", "An image registry with user and password.", docker_problems, _docker),
        ConnectionTypeRecord("ecr", "Amazon's Elastic Container Registry.", _ecr_problems, _ecr),
        ConnectionTypeRecord("s3", "Amazon S3 or a storage like it; no image registry.", pair_problems),
        ConnectionTypeRecord("gcs", "Google Cloud Storage; no image registry."),
        ConnectionTypeRecord("azureblob", "Azure Blob Storage; no image registry."),
        ConnectionTypeRecord("git", "A Git repository; no image registry."),
    )


def _docker(connection: Connection, environ: Mapping[str, str]) -> RegistryAccess:
    return DockerAccess(connection, environ)


def _ecr_problems(connection: Connection) -> list[Problem]:
    from .ecr import ecr_problems  # noqa: PLC0415  # most registries are others

    return ecr_problems(connection)


def _ecr(connection: Connection, environ: Mapping[str, str]) -> RegistryAccess:
    from .ecr import EcrAccess  # noqa: PLC0415  # as above

    return EcrAccess(connection, environ)
