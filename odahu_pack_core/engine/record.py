"""The records of the engines; asking for them imports no engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from odahu_pack_core.plugins.protocols import Engine
from odahu_pack_core.plugins.records import EngineRecord

from .buildah.outputs import OUTPUTS as BUILDAH_OUTPUTS
from .docker.outputs import OUTPUTS
from .oci.outputs import OUTPUTS as OCI_OUTPUTS

if TYPE_CHECKING:
    from odahu_pack_core.plugins.distribution import OpenRegistry


def oci_engine(registry_opener: Callable[[Mapping[str, str]], OpenRegistry]) -> EngineRecord:
    """Return the record of the engine that needs no daemon.

    Args:
        registry_opener: Returns what opens registries, from the environment variables of the run.
    """

    def create(environ: Mapping[str, str]) -> Engine:
        from .oci.bases.sources import BaseSources  # noqa: PLC0415  # an engine is imported when it is chosen
        from .oci.engine import OciEngine  # noqa: PLC0415  # as above

        open_registry = registry_opener(environ)
        return OciEngine(environ, open_registry, BaseSources(environ, open_registry))

    return EngineRecord(
        "oci",
        "Assembles images itself and sends them; needs no daemon and no root, and runs nothing.",
        create,
        OCI_OUTPUTS,
        runs=False,
        rank=10,
        several_platforms=True,
    )


def docker_engine() -> EngineRecord:
    """Return the record of the Docker engine; engines that need no daemon are preferred to it."""
    return EngineRecord(
        "docker",
        "Builds and pushes with the Docker engine that DOCKER_HOST names.",
        _create,
        OUTPUTS,
        runs=True,
        rank=50,
        missing=_missing_docker,
    )


def buildah_engine(registry_opener: Callable[[Mapping[str, str]], OpenRegistry]) -> EngineRecord:
    """Return the record of the engine that executes plans which run programs where no daemon is.

    Args:
        registry_opener: Returns what opens registries, from the environment variables of the run.
    """

    def create(environ: Mapping[str, str]) -> Engine:
        from .buildah.engine import BuildahEngine  # noqa: PLC0415  # an engine is imported when it is chosen
        from .oci.bases.sources import BaseSources  # noqa: PLC0415  # as above

        return BuildahEngine(environ, BaseSources(environ, registry_opener(environ)))

    return EngineRecord(
        "buildah",
        "Builds and pushes with the buildah command; needs no daemon.",
        create,
        BUILDAH_OUTPUTS,
        runs=True,
        rank=60,
        missing=_missing_buildah,
    )


def _create(environ: Mapping[str, str]) -> Engine:
    from .docker.engine import DockerEngine  # noqa: PLC0415  # an engine is imported when it is chosen

    return DockerEngine(environ)


def _missing_docker(environ: Mapping[str, str]) -> str:
    from .docker.presence import missing_docker  # noqa: PLC0415  # asked only where engines can be chosen from

    return missing_docker(environ)


def _missing_buildah(environ: Mapping[str, str]) -> str:
    from .buildah.presence import missing_buildah  # noqa: PLC0415  # as above

    return missing_buildah(environ)
