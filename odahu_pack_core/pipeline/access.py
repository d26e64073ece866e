"""Ways into the registries of a run: of the push target and of the base image."""

from __future__ import annotations

from collections.abc import Mapping

from odahu_pack_core.errors import SpecError
from odahu_pack_core.plan.base import BaseImage
from odahu_pack_core.plan.job import PULL_TARGET
from odahu_pack_core.plan.reference import DOCKER_HUB, ImageReference
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.plugins.protocols import RegistryAccess
from odahu_pack_core.registry.docker import user_access
from odahu_pack_core.registry.hub import canonical_host
from odahu_pack_core.spec.connection import Connection


def push_access(
    connection: Connection | None, image: ImageReference, catalog: PluginCatalog, environ: Mapping[str, str]
) -> RegistryAccess | None:
    """Return the way into the image's registry: a connection, else what the user is logged in to.

    Args:
        connection: The connection of ``docker-push``; None where that target is not bound.
        image: What the image is called.
        catalog: Knows connection types.
        environ: The environment variables of the run.

    Returns:
        None where the image's name holds no registry.

    Raises:
        SpecError: The connection is no registry.
    """
    if connection is not None:
        return registry_access(connection, catalog, environ)
    return user_access(image.registry, environ) if image.registry else None


def pull_access(
    connection: Connection | None, base: BaseImage, catalog: PluginCatalog, environ: Mapping[str, str]
) -> RegistryAccess:
    """Return the way into the base image's registry: a connection, else what the user is logged in to.

    Args:
        connection: The connection of ``docker-pull``; None where that target is not bound.
        base: The base image.
        catalog: Knows connection types.
        environ: The environment variables of the run.

    Raises:
        SpecError: The connection leads to another registry than the base image's.
    """
    registry = canonical_host(base.reference.registry or DOCKER_HUB)
    if connection is None or base.location is not None:
        return user_access(registry, environ)
    access = registry_access(connection, catalog, environ)
    if access.host.lower() != registry.lower():
        raise SpecError(
            f"{connection.place(('spec', 'uri'))}: {PULL_TARGET} leads to {access.host}, "
            f"but the base image {base.reference} is in {registry}",
            code="other-registry",
        )
    return access


def registry_access(
    connection: Connection, catalog: PluginCatalog, environ: Mapping[str, str]
) -> RegistryAccess:
    """Return the way into the registry of a connection.

    Raises:
        SpecError: The connection is no image registry.
    """
    record = catalog.connection_type(connection.spec.type)
    if record.registry is None:
        raise SpecError(
            f"{connection.place()}: a connection of type {record.name!r} is no image registry",
            code="no-registry",
        )
    return record.registry(connection, environ)
