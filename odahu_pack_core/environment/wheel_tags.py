"""Which wheels run on a target, and which of them is the best: by the tags in their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from .target import Target

_LAST_WITH_PYMALLOC_SUFFIX: Final = 7
_LEGACY: Final = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_NEWEST_GLIBC: Final = 60
_NEWEST_MUSL: Final = 9
"""Bounds far from what exists: which wheels are possible at all has been decided by uv."""


def runs_on(tags: Iterable[Tag], target: Target) -> bool:
    """Tell whether a wheel with these tags is for a target, whatever the libc's version."""
    known = frozenset(_tags(target, ("any",)))
    return any(_has(target, tag.platform) and Tag(tag.interpreter, tag.abi, "any") in known for tag in tags)


def preference(wheel: str, target: Target) -> tuple[int, tuple[int, str], str]:
    """Return how much a wheel is to be preferred to others of its version, in uv's order.

    Args:
        wheel: The file's name.
        target: What it is for.

    Returns:
        A sort key: the best wheel has the greatest.
    """
    try:
        _, _, build, tags = parse_wheel_filename(wheel)
    except InvalidWheelFilename:
        return (-2, (0, ""), wheel)
    rank = _rank(target)
    return (max((rank.get(tag, -1) for tag in tags), default=-1), build or (0, ""), wheel)


@lru_cache(maxsize=8)
def _rank(target: Target) -> dict[Tag, int]:
    """Return a number for each tag; the best has the greatest."""
    tags = dict.fromkeys(_tags(target, tuple(_platforms(target))))
    return {tag: len(tags) - place for place, tag in enumerate(tags)}


def _tags(target: Target, platforms: Sequence[str]) -> Iterator[Tag]:
    """Yield tags from the best on."""
    minor = int(target.python.partition(".")[2])
    abi = f"cp3{minor}m" if minor <= _LAST_WITH_PYMALLOC_SUFFIX else f"cp3{minor}"
    yield from cpython_tags((3, minor), [abi], platforms)
    yield from compatible_tags((3, minor), f"cp3{minor}", platforms)


def _platforms(target: Target) -> Iterator[str]:
    if target.libc == "musl":
        yield from (f"musllinux_1_{minor}_{target.machine}" for minor in range(_NEWEST_MUSL, -1, -1))
    else:
        for minor in range(_NEWEST_GLIBC, 4, -1):
            yield f"manylinux_2_{minor}_{target.machine}"
            if minor in _LEGACY:
                yield f"{_LEGACY[minor]}_{target.machine}"
    yield f"linux_{target.machine}"


def _has(target: Target, platform: str) -> bool:
    libc = "musllinux" if target.libc == "musl" else "manylinux"
    return platform == "any" or (platform.startswith((libc, "linux_")) and platform.endswith(target.machine))
