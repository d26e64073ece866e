"""The engines, artifact readers and connection types that come with the core, offered as any plugin's are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .artifact.gppi import gppi_reader
from .engine.record import buildah_engine, docker_engine, oci_engine
from .plugins.markers import hookimpl
from .plugins.records import ArtifactReaderRecord, ConnectionTypeRecord, EngineRecord
from .registry.connection_types import connection_types

if TYPE_CHECKING:
    from .plugins.distribution import OpenRegistry


@hookimpl
def odahu_pack_engines() -> Iterable[EngineRecord]:
    """Offer the engine that needs no daemon, Docker's, and buildah."""
    return (oci_engine(_registry_opener), docker_engine(), buildah_engine(_registry_opener))


@hookimpl
def odahu_pack_artifact_readers() -> Iterable[ArtifactReaderRecord]:
    """Offer the reader of GPPI models."""
    return (gppi_reader(),)


@hookimpl
def odahu_pack_connection_types() -> Iterable[ConnectionTypeRecord]:
    """Offer image registries and storages."""
    return connection_types()


def _registry_opener(environ: Mapping[str, str]) -> OpenRegistry:
    from .registry.distribution.opening import registry_opener  # noqa: PLC0415  # not every engine needs it

    return registry_opener(environ)
