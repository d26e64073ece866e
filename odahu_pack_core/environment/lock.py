"""The lock: every version chosen, with the one wheel of each package, kept by what decides it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from odahu_pack_core.plan.environment import Dependencies, LockedPackage
from odahu_pack_core.values import dataclass

from .digests import digest_of, file_digest
from .target import Target
from .uv import Uv, index_settings

_FORMAT: Final = 2


@dataclass(frozen=True)
class Sought:
    """What is to be locked.

    Args:
        key: A digest of everything that decides the lock, the state of indexes and channels aside.
        make: Makes the lock; given uv in a folder of its own.
    """

    key: str
    make: Callable[[Uv], tuple[LockedPackage, ...]]


def sought_wheels(
    dependencies: Dependencies, target: Target, artifact_root: Path, environ: Mapping[str, str]
) -> Sought:
    """Return what is to be locked of wheels.

    Args:
        dependencies: What is asked for.
        target: What it must run on.
        artifact_root: The unpacked artifact, for wheels inside it.
        environ: The user's environment variables.
    """

    def make(uv: Uv) -> tuple[LockedPackage, ...]:
        from .locking import make_lock  # noqa: PLC0415  # not needed where the lock is in the cache

        return make_lock(dependencies, target, artifact_root, uv)

    return Sought(lock_key(dependencies, target, artifact_root, environ), make)


def lock_key(
    dependencies: Dependencies, target: Target, artifact_root: Path, environ: Mapping[str, str]
) -> str:
    """Return the digest of everything that decides a lock, the state of the indexes aside."""
    asked = asdict(dependencies)
    del asked["as_written"], asked["channels"]
    local = [(path, file_digest(artifact_root / path)) for path in local_wheels(dependencies, artifact_root)]
    return digest_of(_FORMAT, asked, asdict(target), index_settings(environ), local)


def write_lock(packages: Iterable[LockedPackage], path: Path) -> None:
    """Write a lock for `read_lock`."""
    listed = [asdict(package) for package in packages]
    path.write_text(json.dumps({"digest": digest_of(listed), "packages": listed}, indent=1), encoding="utf-8")


def read_lock(path: Path) -> tuple[LockedPackage, ...] | None:
    """Read a lock that `write_lock` wrote; None where there is none, or another thing, or it is damaged."""
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
        if lock["digest"] != digest_of(lock["packages"]):
            return None
        return tuple(
            LockedPackage(**{**package, "hashes": tuple(package["hashes"])}) for package in lock["packages"]
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def local_wheels(dependencies: Dependencies, artifact_root: Path) -> list[str]:
    """Return the relative paths of all wheels inside the artifact that may be chosen, sorted."""
    found = set(dependencies.wheels)
    for folder in dependencies.find_links:
        found |= {f"{folder}/{path.name}" for path in (artifact_root / folder).glob("*.whl")}
    return sorted(found)
