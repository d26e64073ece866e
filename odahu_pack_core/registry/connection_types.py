"""The connection types of the core: two kinds of image registry, and the storages that ODAHU knows."""

from __future__ import annotations

from collections.abc import Mapping

from odahu_pack_core.plugins.protocols import RegistryAccess
from odahu_pack_core.plugins.records import ConnectionTypeRecord
from odahu_pack_core.spec.connection import Connection

from .aws import pair_problems
from .docker import DockerAccess, docker_problems
from .ecr import EcrAccess, ecr_problems


def connection_types() -> tuple[ConnectionTypeRecord, ...]:
    """Return a record for each connection type of the core."""
    return (
        ConnectionTypeRecord("docker", "An image registry with user and password.", docker_problems, _docker),
        ConnectionTypeRecord("ecr", "Amazon's Elastic Container Registry.", ecr_problems, _ecr),
        ConnectionTypeRecord("s3", "Amazon S3 or a storage like it; no image registry.", pair_problems),
        ConnectionTypeRecord("gcs", "Google Cloud Storage; no image registry."),
        ConnectionTypeRecord("azureblob", "Azure Blob Storage; no image registry."),
        ConnectionTypeRecord("git", "A Git repository; no image registry."),
    )


def _docker(connection: Connection, environ: Mapping[str, str]) -> RegistryAccess:
    return DockerAccess(connection, environ)


def _ecr(connection: Connection, environ: Mapping[str, str]) -> RegistryAccess:
    return EcrAccess(connection, environ)
