"""Choosing versions: uv resolves the dependencies, and of each package one wheel is taken."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name, parse_wheel_filename

from odahu_pack_core.errors import DependencyError
from odahu_pack_core.plan.dependencies import requirement_name
from odahu_pack_core.plan.environment import Dependencies, LockedPackage

from .digests import file_digest
from .lock import local_wheels
from .target import Target
from .uv import Uv, index_options, target_options
from .wheel_metadata import refuse_urls
from .wheel_tags import preference

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_HASH_OPTION: Final = " --hash="
_USUAL: Final = "sha256:"


def make_lock(
    dependencies: Dependencies, target: Target, artifact_root: Path, uv: Uv
) -> tuple[LockedPackage, ...]:
    """Choose a version of every package that is needed.

    Args:
        dependencies: What is asked for.
        target: What it must run on.
        artifact_root: The unpacked artifact, for wheels inside it.
        uv: Chooses.

    Raises:
        DependencyError: No set of versions fits, a package cannot be had, or the indexes cannot be reached.
    """
    for path in local_wheels(dependencies, artifact_root):
        refuse_urls(artifact_root / path)
    lines = [*dependencies.pip, *(wheel_line(artifact_root, path) for path in dependencies.wheels)]
    asked, bounds = uv.folder / "asked.txt", uv.folder / "constraints.txt"
    asked.write_text("\n".join([*lines, ""]), encoding="utf-8")
    bounds.write_text("\n".join([*dependencies.constraints, ""]), encoding="utf-8")
    output = uv(
        "pip",
        "compile",
        str(asked),
        "--constraints",
        str(bounds),
        *("--format", "pylock.toml", "--no-header", "--no-annotate"),
        *target_options(target, build_from_source=dependencies.build_from_source),
        *index_options(dependencies, artifact_root),
    )
    written = _written_hashes(dependencies.pip)
    wheels = {wheel_name(path): path for path in dependencies.wheels}
    packages = tomllib.loads(output).get("packages", ())
    return tuple(
        _of_artifact(package, wheels[package["name"]], artifact_root)
        if package["name"] in wheels
        else _of_index(package, target, written.get(package["name"]))
        for package in packages
    )


def wheel_name(path: str) -> str:
    """Return the normalised name of the distribution in a wheel file."""
    return canonicalize_name(parse_wheel_filename(Path(path).name)[0])


def wheel_line(artifact_root: Path, path: str) -> str:
    """Return the requirement line of a wheel inside the artifact."""
    return f"{wheel_name(path)} @ {(artifact_root / path).resolve().as_uri()}"


def _of_artifact(package: Mapping[str, Any], wheel: str, artifact_root: Path) -> LockedPackage:
    path = artifact_root / wheel
    digest = f"sha256:{file_digest(path)}"
    return LockedPackage(
        package["name"], package["version"], (digest,), wheel, path.name, path.stat().st_size
    )


def _of_index(package: Mapping[str, Any], target: Target, written: frozenset[str] | None) -> LockedPackage:
    """Take the best wheel for the target, as uv itself would; without any, what wheels are built from."""
    name, version = package["name"], package["version"]
    wheels = [file for file in package.get("wheels", ()) if _allowed(file, written)]
    sources = [package[kind] for kind in ("archive", "sdist") if kind in package]
    if wheels:
        wheel = max(wheels, key=lambda file: preference(_file_name(file), target))
        return LockedPackage(name, version, _digests(wheel), "", _file_name(wheel), wheel.get("size", 0))
    allowed = [file for file in sources if _allowed(file, written)]
    if written is not None and not allowed:
        raise DependencyError(
            f"no file of {name} {version} for the image has a digest that is written down",
            code="hash-mismatch",
            hint="add the --hash of the wheel for the image's Python and platform, or write none",
        )
    return LockedPackage(
        name, version, tuple(sorted(digest for file in allowed for digest in _digests(file)))
    )


def _allowed(file: Mapping[str, Any], written: frozenset[str] | None) -> bool:
    return written is None or not written.isdisjoint(_all_digests(file))


def _digests(file: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a file is known by: old indexes tell another digest than SHA-256."""
    digests = _all_digests(file)
    return tuple(digest for digest in digests if digest.startswith(_USUAL)) or digests


def _all_digests(file: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(f"{algorithm}:{digest}" for algorithm, digest in file["hashes"].items()))


def _file_name(file: Mapping[str, Any]) -> str:
    place = str(file.get("name") or file.get("path") or urlsplit(file["url"]).path)
    return unquote(place).rpartition("/")[2]


def _written_hashes(lines: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the digests that requirement lines ask for, by name; uv does not heed them when it chooses."""
    with_hashes = (line for line in lines if _HASH_OPTION in line)
    return {requirement_name(line): frozenset(line.split(_HASH_OPTION)[1:]) for line in with_hashes}
