"""Parts: which packages of an environment have an image layer of their own, and what names each layer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

from odahu_pack_core.names import CACHE_ENVIRONMENT
from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.plan.environment import (
    EnvironmentLayer,
    EnvironmentPart,
    LockedPackage,
    ResolvedEnvironment,
)
from odahu_pack_core.values import dataclass

from .compiler import Compiler
from .digests import digest_of
from .layer_files import all_packages
from .target import Target

_FORMAT: Final = 2
"""Counts the changes to what a layer holds for the same packages."""

_LARGE: Final = 1_000_000
_MOST_PARTS: Final = 20
"""An image has at most 50 layers with its base's: this leaves room for two environments."""
_LONGEST_NAME: Final = 63
_FOR_ANY: Final = "-any.whl"


@dataclass(frozen=True)
class Wanted:
    """A part that is to be made.

    Args:
        layer: The environment.
        resolved: Its versions.
        part: The part.
        base: What was found in the base image.
        artifact_root: The unpacked artifact, for wheels inside it.
    """

    layer: EnvironmentLayer
    resolved: ResolvedEnvironment
    part: EnvironmentPart
    base: BaseFacts
    artifact_root: Path

    @property
    def is_rest(self) -> bool:
        """Whether it holds what makes packages an environment of its base."""
        return self.part.name == self.layer.name


@dataclass(frozen=True)
class Making:
    """What decides a part's bytes, its packages aside.

    Args:
        layer: The environment.
        base: What was found in the base image.
        target: The Python and the platform.
        compiler: What makes byte code; None for none.
    """

    layer: EnvironmentLayer
    base: BaseFacts
    target: Target
    compiler: Compiler | None

    def parts(self, packages: Sequence[LockedPackage]) -> tuple[EnvironmentPart, ...]:
        """Divide the packages of an environment: large ones are alone, the largest first.

        Args:
            packages: All of them, sorted by name.
        """
        large = sorted(filter(_is_large, packages), key=lambda package: (-_size(package), package.name))
        alone = large[:_MOST_PARTS]
        rest = tuple(package for package in packages if package not in alone)
        named: dict[str, tuple[LockedPackage, ...]] = {
            _part_name(self.layer.name, package.name): (package,) for package in alone
        }
        named[self.layer.name] = rest
        return tuple(
            EnvironmentPart(name, own, self.key_of(name, own, packages)) for name, own in named.items()
        )

    def key_of(self, name: str, packages: Sequence[LockedPackage], whole: Sequence[LockedPackage]) -> str:
        """Return the digest of everything that decides the bytes of a part.

        Args:
            name: The part's name.
            packages: What is in it.
            whole: What is in all parts of the environment.
        """
        target = self.target
        of_all = (_FORMAT, _uv_version(), self.layer.prefix, self.layer.layout)
        of_target = (target.python, target.machine, target.libc, self.compiler and self.compiler.version)
        of_packages = [(package.name, package.version, package.hashes) for package in packages]
        of_rest = self._of_rest(whole) if name == self.layer.name else None
        return digest_of(of_all, of_target, of_packages, of_rest)

    def _of_rest(self, whole: Sequence[LockedPackage]) -> tuple[object, ...]:
        if self.layer.layout == "site":
            return ()
        built_on = self.base.site_packages
        lock = all_packages(self.base, whole) if self.layer.prefix == CACHE_ENVIRONMENT else ()
        return (self.base.interpreter, built_on.path if built_on else "", self.layer.activate, lock)


@cache
def _uv_version() -> str:
    """Return the version of what installs packages, and writes their scripts."""
    return version("uv")


def _size(package: LockedPackage) -> int:
    """Return a wheel's size; where the index does not tell, wheels for one platform are taken to be large."""
    return package.size or (_LARGE if package.file and not package.file.endswith(_FOR_ANY) else 0)


def _is_large(package: LockedPackage) -> bool:
    return _size(package) >= _LARGE


def _part_name(layer: str, package: str) -> str:
    """Return a name that `AddLayer` takes; of one that is too long, the end is a digest."""
    name = f"{layer}-{package.replace('.', '-')}"
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST_NAME - len(digest) - 1]}-{digest}"
