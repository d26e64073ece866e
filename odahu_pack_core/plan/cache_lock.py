"""The lock that a dependency cache carries, so that nobody has to look through its packages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

LOCK_FILE: Final = "odahu-pack.lock.json"
"""The file's name, right below the environment's prefix."""

_FORMAT: Final = 1


def write_cache_lock(packages: Iterable[tuple[str, str]]) -> bytes:
    """Return the lock's content.

    Args:
        packages: Normalised name and version of each distribution.
    """
    listed = [{"name": name, "version": version} for name, version in sorted(packages)]
    return json.dumps({"format": _FORMAT, "packages": listed}, indent=1).encode() + b"\n"


def read_cache_lock(content: bytes) -> tuple[tuple[str, str], ...]:
    """Return normalised name and version of each distribution, sorted.

    Args:
        content: The file's content, which may be anything.

    Raises:
        ValueError: It is no such lock.
    """
    try:
        lock: Any = json.loads(content)
        packages = tuple(sorted((package["name"], package["version"]) for package in lock["packages"]))
        known = lock["format"] == _FORMAT
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError("not the lock of a dependency cache") from None
    if not known or not all(isinstance(text, str) for package in packages for text in package):
        raise ValueError("not the lock of a dependency cache")
    return packages
