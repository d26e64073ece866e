"""The record of the Docker engine; asking for it imports no engine."""

from __future__ import annotations

from collections.abc import Mapping

from odahu_pack_core.plugins.protocols import Engine
from odahu_pack_core.plugins.records import EngineRecord

from .docker.outputs import OUTPUTS


def docker_engine() -> EngineRecord:
    """Return the record of the Docker engine; engines that need no daemon are preferred to it."""
    return EngineRecord(
        "docker",
        "Builds and pushes with the Docker engine that DOCKER_HOST names.",
        _create,
        OUTPUTS,
        runs=True,
        rank=50,
    )


def _create(environ: Mapping[str, str]) -> Engine:
    from .docker.engine import DockerEngine  # noqa: PLC0415  # an engine is imported when it is chosen

    return DockerEngine(environ)
