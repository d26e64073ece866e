"""Parts of a conda environment: as those of wheels, but for what decides their bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from odahu_pack_core.environment.compiler import Compiler
from odahu_pack_core.environment.digests import digest_of
from odahu_pack_core.environment.parts import Making
from odahu_pack_core.environment.target import Target
from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.plan.environment import EnvironmentLayer, LockedPackage
from odahu_pack_core.values import dataclass

from .words import PYTHON

_FORMAT: Final = 1
"""Counts the changes to what linking makes of the same packages."""


@dataclass(frozen=True)
class CondaMaking(Making):
    """What decides a part's bytes, its packages aside; nothing of the base image does."""

    @classmethod
    def of(
        cls,
        layer: EnvironmentLayer,
        base: BaseFacts,
        target: Target,
        packages: Iterable[LockedPackage],
        compiler: Compiler | None,
    ) -> CondaMaking:
        """Return it for an environment, which brings its own Python.

        Args:
            layer: The environment.
            base: What was found in the base image.
            target: The platform, and X.Y of the Python.
            packages: What the environment holds.
            compiler: What makes byte code; None for none.
        """
        python = next(package.version for package in packages if package.url and package.name == PYTHON)
        of_environment = replace(target, full_python=python)
        return cls(layer, replace(base, interpreter=None, site_packages=None), of_environment, compiler)

    def key_of(self, name: str, packages: Sequence[LockedPackage], whole: Sequence[LockedPackage]) -> str:
        """Return the digest of everything that decides the bytes of a part; see `Making`."""
        key = super().key_of(name, packages, whole)
        is_linked = any(package.url for package in packages) or name == self.layer.name
        # A wheel alone is the same as in an environment of wheels.
        return digest_of(_FORMAT, key) if is_linked else key
