"""Which wheels run on a target, and which of them is the best: by the tags in their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from .target import Target

_LAST_WITH_PYMALLOC_SUFFIX: Final = 7
_LEGACY: Final = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_NEWEST_GLIBC: Final = 60
_NEWEST_MUSL: Final = 9
_OLDEST_ABI3: Final = 2
"""Bounds far from what exists: which wheels are possible at all has been decided by uv."""


def runs_on(tags: Iterable[Tag], target: Target) -> bool:
    """Tell whether a wheel with these tags is for a target, whatever the libc's version."""
    minor = _minor(target)
    version = (3, minor)
    interpreter = f"cp3{minor}"
    known = {*cpython_tags(version, [_abi(minor)], ["any"]), *compatible_tags(version, interpreter, ["any"])}
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
        return (-1, (0, ""), wheel)
    order = _order(target)
    best = max((order.get(str(tag), -1) for tag in tags), default=-1)
    return (best, build or (0, ""), wheel)


@lru_cache(maxsize=8)
def _order(target: Target) -> dict[str, int]:
    """Return a rank for each tag; the greatest is the best."""
    rank: dict[str, int] = {}
    for tag in _tags(_minor(target), tuple(_platforms(target))):
        rank.setdefault(tag, -len(rank))
    return {tag: place + len(rank) for tag, place in rank.items()}


def _tags(minor: int, platforms: tuple[str, ...]) -> Iterator[str]:
    """Yield tags from the best on: https://github.com/astral-sh/uv/blob/main/crates/uv-platform-tags/src/tags.rs."""
    own = f"cp3{minor}"
    for platform in platforms:
        yield f"{own}-{_abi(minor)}-{platform}"
        yield f"{own}-none-{platform}"
    for older in range(minor, _OLDEST_ABI3 - 1, -1):
        yield from (f"cp3{older}-abi3-{platform}" for platform in platforms)
    for older in (minor, "", *range(minor - 1, -1, -1)):
        yield from (f"py3{older}-none-{platform}" for platform in platforms)
    yield f"{own}-none-any"
    for older in (minor, "", *range(minor - 1, -1, -1)):
        yield f"py3{older}-none-any"


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


def _abi(minor: int) -> str:
    return f"cp3{minor}m" if minor <= _LAST_WITH_PYMALLOC_SUFFIX else f"cp3{minor}"


def _minor(target: Target) -> int:
    return int(target.python.partition(".")[2])
