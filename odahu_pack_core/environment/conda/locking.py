"""The lock of a conda environment: its conda packages, and the wheels of the pip section beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.version import InvalidVersion, Version

from odahu_pack_core.environment.locking import make_lock
from odahu_pack_core.environment.target import Target
from odahu_pack_core.environment.uv import Uv
from odahu_pack_core.errors import DependencyError
from odahu_pack_core.plan.environment import Dependencies, EnvironmentLayer, LockedPackage

from .request import CondaRequest, pip_section
from .solving import locked, solved
from .words import PYTHON, name_on_pypi

if TYPE_CHECKING:
    from rattler import RepoDataRecord

_BRINGS_PYTHON: Final = frozenset({PYTHON, "python_abi"})


def make_conda_lock(
    layer: EnvironmentLayer,
    request: CondaRequest,
    target: Target,
    *,
    artifact_root: Path,
    channels: Path,
    uv: Uv,
) -> tuple[LockedPackage, ...]:
    """Choose a version of every package that is needed.

    Args:
        layer: The environment.
        request: What is to be had from conda channels.
        target: What it must run on.
        artifact_root: The unpacked artifact, for wheels inside it.
        channels: A folder for what the channels tell of their packages.
        uv: Chooses the wheels.

    Raises:
        DependencyError: No set of versions fits, or a channel or an index cannot be reached.
    """
    records = solved(request, channels)
    packages = tuple(locked(records))
    of_python = next(package.version for package in packages if package.name == PYTHON)
    target = replace(target, full_python=of_python)
    wheels = _wheels(layer.dependencies, dict(_held(records)), target, artifact_root, uv)
    return tuple(sorted((*packages, *wheels), key=lambda package: (package.name, package.url)))


def _wheels(
    dependencies: Dependencies, held: Mapping[str, str], target: Target, artifact_root: Path, uv: Uv
) -> Iterator[LockedPackage]:
    """Yield what the pip section needs and conda does not bring."""
    section = pip_section(dependencies, [f"{name}=={version}" for name, version in sorted(held.items())])
    if not section.pip and not section.wheels:
        return
    try:
        packages = make_lock(section, target, artifact_root, uv)
    except DependencyError as error:
        if error.code != "unresolvable" or not held:
            raise
        raise DependencyError(
            error.message,
            code=error.code,
            hint="the pip section must do with the versions that conda brings: loosen one of both sections",
        ) from None
    yield from (package for package in packages if package.name not in held)


def _held(records: Iterable[RepoDataRecord]) -> Iterator[tuple[str, str]]:
    """Yield what pip would find installed: name on PyPI and version of each conda package of Python code."""
    for record in records:
        name, version = record.name.normalized, str(record.version)
        needed = {spec.partition(" ")[0] for spec in record.depends}
        if not needed & _BRINGS_PYTHON or not _is_comparable(version):
            continue
        yield name_on_pypi(name), version


def _is_comparable(version: str) -> bool:
    try:
        Version(version)
    except InvalidVersion:
        return False
    return True
