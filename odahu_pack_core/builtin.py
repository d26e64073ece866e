"""The engines, artifact readers and connection types that come with the core, offered as any plugin's are."""

from __future__ import annotations

from collections.abc import Iterable

from .artifact.gppi import gppi_reader
from .engine.record import docker_engine
from .plugins.hookspecs import hookimpl
from .plugins.records import ArtifactReaderRecord, ConnectionTypeRecord, EngineRecord
from .registry.connection_types import connection_types


@hookimpl
def odahu_pack_engines() -> Iterable[EngineRecord]:
    """Offer the Docker engine."""
    return (docker_engine(),)


@hookimpl
def odahu_pack_artifact_readers() -> Iterable[ArtifactReaderRecord]:
    """Offer the reader of GPPI models."""
    return (gppi_reader(),)


@hookimpl
def odahu_pack_connection_types() -> Iterable[ConnectionTypeRecord]:
    """Offer image registries and storages."""
    return connection_types()
