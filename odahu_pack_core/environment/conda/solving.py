"""Chooses the conda packages of an environment, with rattler's solver."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from odahu_pack_core.errors import DependencyError
from odahu_pack_core.plan.environment import LockedPackage

from .failures import bad_spec, malformed, unreachable, unsolvable
from .loop import awaited
from .request import CondaRequest

if TYPE_CHECKING:
    from rattler import Config, GenericVirtualPackage, MatchSpec, RepoDataRecord

_TOOL: Final = "odahu-pack"
_PATIENCE: Final = 120
"""Seconds that an answer of a channel may take; rattler alone would wait for ever."""


def solved(request: CondaRequest, cache: Path) -> tuple[RepoDataRecord, ...]:
    """Choose packages.

    Args:
        request: What is asked for.
        cache: A folder for what the channels tell of their packages.

    Raises:
        DependencyError: No set of packages fits, or a channel cannot be read.
    """
    from rattler.exceptions import FetchRepoDataError, GatewayError, IoError, SolverError  # noqa: PLC0415  # optional

    try:
        return tuple(awaited(lambda _: _solve(request, cache)))
    except SolverError as error:
        raise unsolvable(error, request.channels) from None
    except (GatewayError, FetchRepoDataError, IoError, OSError) as error:
        raise unreachable(error) from None


def locked(records: Iterable[RepoDataRecord]) -> Iterator[LockedPackage]:
    """Yield chosen packages as a lock has them.

    Raises:
        DependencyError: A channel tells no digest of a package.
    """
    for record in records:
        name, digest = record.name.normalized, record.sha256
        if digest is None:
            raise malformed(name, "its channel tells no SHA-256 digest of it")
        yield LockedPackage(
            name,
            str(record.version),
            (f"sha256:{digest.hex()}",),
            file=posixpath.join(record.subdir, record.file_name),
            size=record.size or 0,
            url=record.url,
        )


def settings() -> Config:
    """Return rattler's settings as the user has them: proxies, mirrors, certificates, credentials."""
    from rattler import Config  # noqa: PLC0415  # heavy, and optional
    from rattler.exceptions import ConfigError  # noqa: PLC0415  # as above

    try:
        return Config.load_from_default_locations(_TOOL)
    except ConfigError as error:
        raise DependencyError(f"rattler's settings cannot be read: {error}", code="conda-settings") from None


async def _solve(request: CondaRequest, cache: Path) -> list[RepoDataRecord]:
    from rattler import Gateway, Subdir, solve  # noqa: PLC0415  # heavy, and optional
    from rattler.networking import Client  # noqa: PLC0415  # as above

    config = settings()
    client = Client.from_config(config, timeout=_PATIENCE)
    gateway = Gateway.from_config(config, cache_dir=cache, client=client)
    return await solve(
        request.channels,
        [_spec(text) for text in request.specs],
        gateway=gateway,
        platforms=[Subdir(request.subdir), Subdir("noarch")],
        virtual_packages=[_virtual(name, version) for name, version in request.virtual],
    )


def _spec(text: str) -> MatchSpec:
    from rattler import MatchSpec  # noqa: PLC0415  # heavy, and optional
    from rattler.exceptions import InvalidMatchSpecError  # noqa: PLC0415  # as above

    try:
        return MatchSpec(text)
    except InvalidMatchSpecError as error:
        raise bad_spec(error, text) from None


def _virtual(name: str, version: str) -> GenericVirtualPackage:
    from rattler import BuildString, GenericVirtualPackage, PackageName, Version  # noqa: PLC0415  # heavy

    return GenericVirtualPackage(PackageName(name), Version(version), BuildString("0"))
