"""The lock: every version chosen, with the digests of the wheels that the target can use."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name, parse_wheel_filename

from odahu_pack_core.errors import DependencyError
from odahu_pack_core.plan.dependencies import requirement_name
from odahu_pack_core.plan.environment import Dependencies, LockedPackage

from .target import Target
from .uv import Uv, index_options, index_settings, target_options
from .wheel_metadata import refuse_urls

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_FORMAT: Final = 1
_HASH_OPTION: Final = " --hash="


def lock_key(
    dependencies: Dependencies, target: Target, artifact_root: Path, environ: Mapping[str, str]
) -> str:
    """Return the digest of everything that decides a lock, the state of the indexes aside."""
    asked = asdict(dependencies)
    del asked["as_written"], asked["channels"]
    local = [(path, file_digest(artifact_root / path)) for path in local_wheels(dependencies, artifact_root)]
    return digest_of(_FORMAT, asked, asdict(target), index_settings(environ), local)


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
    wheels = {wheel_name(path): path for path in dependencies.wheels}
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
    return tuple(_locked(package, wheels, written) for package in tomllib.loads(output).get("packages", ()))


def write_lock(packages: Iterable[LockedPackage], path: Path) -> None:
    """Write a lock for `read_lock`."""
    path.write_text(json.dumps([asdict(package) for package in packages], indent=1), encoding="utf-8")


def read_lock(path: Path) -> tuple[LockedPackage, ...] | None:
    """Read a lock that `write_lock` wrote; None where there is none, or another thing."""
    try:
        packages = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(packages, list):
            return None
        return tuple(LockedPackage(**{**package, "hashes": tuple(package["hashes"])}) for package in packages)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def wheel_name(path: str) -> str:
    """Return the normalised name of the distribution in a wheel file."""
    return canonicalize_name(parse_wheel_filename(Path(path).name)[0])


def wheel_line(artifact_root: Path, path: str) -> str:
    """Return the requirement line of a wheel inside the artifact."""
    return f"{wheel_name(path)} @ {(artifact_root / path).resolve().as_uri()}"


def local_wheels(dependencies: Dependencies, artifact_root: Path) -> list[str]:
    """Return the relative paths of all wheels inside the artifact that may be chosen, sorted."""
    found = set(dependencies.wheels)
    for folder in dependencies.find_links:
        found |= {f"{folder}/{path.name}" for path in (artifact_root / folder).glob("*.whl")}
    return sorted(found)


def file_digest(path: Path) -> str:
    """Return the SHA-256 digest of a file.

    Raises:
        DependencyError: It cannot be read.
    """
    try:
        with path.open("rb") as stream:
            digest = hashlib.sha256()
            while chunk := stream.read(1024 * 1024):
                digest.update(chunk)
            return digest.hexdigest()
    except OSError as error:
        raise DependencyError(f"cannot read {path.name}: {error.strerror}", code="unreadable") from None


def digest_of(*parts: object) -> str:
    """Return the digest of JSON-able values."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _locked(
    package: Mapping[str, Any], wheels: Mapping[str, str], written: Mapping[str, frozenset[str]]
) -> LockedPackage:
    name = canonicalize_name(package["name"])
    files = package.get("wheels") or [package[kind] for kind in ("archive", "sdist") if kind in package]
    hashes = frozenset(f"sha256:{file['hashes']['sha256']}" for file in files if "sha256" in file["hashes"])
    if name in written and not (hashes := hashes & written[name]):
        raise DependencyError(
            f"no file of {name} {package['version']} for the image has a digest that is written down",
            code="hash-mismatch",
            hint="add the --hash of the wheel for the image's Python and platform, or write none",
        )
    return LockedPackage(name, package["version"], tuple(sorted(hashes)), wheels.get(name, ""))


def _written_hashes(lines: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the digests that requirement lines ask for, by name; uv does not heed them when it chooses."""
    with_hashes = (line for line in lines if _HASH_OPTION in line)
    return {requirement_name(line): frozenset(line.split(_HASH_OPTION)[1:]) for line in with_hashes}
