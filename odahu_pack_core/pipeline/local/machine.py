"""What a base image would tell, told of this machine: its platform, its C library and its Pythons."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Final

from odahu_pack_core.environment.compiler import Compiler, CompilerSearch
from odahu_pack_core.environment.modes import brings_python
from odahu_pack_core.errors import DependencyError, UsageError
from odahu_pack_core.events import Decision, EventSink
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.build_plan import DEFAULT_PLATFORM, BuildPlan
from odahu_pack_core.plan.environment import EnvironmentLayer
from odahu_pack_core.plan.python_choice import SUPPORTED, fitting
from odahu_pack_core.plugins.protocols import RegistryAccess
from odahu_pack_core.values import dataclass

_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


def host_platform() -> str:
    """Return the ``os/arch`` of this machine."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}/{_ARCHITECTURES.get(machine, machine)}"


@dataclass(frozen=True)
class ThisMachine:
    """Tells of this machine when it is asked for a base image.

    Args:
        search: Finds Pythons.
        python: The interpreter that the user named; None for the first that fits.
        brings_python: Whether the plan's environment brings a Python of its own.
    """

    search: CompilerSearch
    python: Path | None = None
    brings_python: bool = False

    @classmethod
    def of(cls, plan: BuildPlan, search: CompilerSearch, python: Path | None) -> ThisMachine:
        """Return what runs a plan.

        Args:
            plan: The plan.
            search: Finds Pythons.
            python: The interpreter that the user named; None for the first that fits.
        """
        nothing = BaseFacts(plan.base.reference, "", host_platform(), None, None)
        layers = (layer for layer in plan.layers if isinstance(layer, EnvironmentLayer))
        return cls(search, python, any(brings_python(layer, nothing) for layer in layers))

    def inspect_base(
        self, base: BaseImage, platform: str, pull: RegistryAccess | None, emit: EventSink
    ) -> BaseFacts:
        """Return this machine's facts in place of a base image's, with the Python that it must have.

        Raises:
            DependencyError: No such Python is on this machine.
            UsageError: The Python that the user named is another one.
        """
        del pull
        if platform != DEFAULT_PLATFORM:
            emit(
                Decision("platform", platform, "this machine's; versions may differ from those of the image")
            )
        if self.brings_python:
            reason = f"the environment brings its own Python; {base.reference} is not looked into"
            emit(Decision("base image", "this machine", reason))
            return BaseFacts(base.reference, "", platform, None, None, libc=_libc())
        found = self._named(self.python, base) if self.python else self._nearest(base, emit)
        python = found.version.rpartition(".")[0]
        reason = f"CPython {found.version} of {found.path} runs it; {base.reference} is not looked into"
        emit(Decision("base image", "this machine", reason))
        env = {"PYTHON_VERSION": found.version}
        return BaseFacts(base.reference, "", platform, python, found.path, libc=_libc(), env=env)

    def _named(self, path: Path, base: BaseImage) -> Compiler:
        found = self.search.at(path)
        if found is None:
            raise UsageError(f"--python {path}: this is no CPython that can be run", code="no-python")
        allowed = _allowed(base)
        if found.version.rpartition(".")[0] not in allowed:
            raise UsageError(
                f"--python {path} is Python {found.version}, but the model needs Python {_listed(allowed)}",
                code="python-mismatch",
            )
        return found

    def _nearest(self, base: BaseImage, emit: EventSink) -> Compiler:
        allowed = _allowed(base)
        found = next((found for python in allowed if (found := self.search.nearest(python))), None)
        if found is None:
            raise DependencyError(
                f"no CPython {_listed(allowed)} was found on PATH, nor among those of pyenv and uv",
                code="no-python",
                hint=f"install one, for instance with: uv python install {allowed[0]}\n"
                "or name one with --python PATH",
            )
        if len(allowed) > 1:
            reason = (
                f"the newest on this machine that fits; {base.reference} may have another: --python names one"
            )
            emit(Decision("Python", found.version, reason))
        return found


def _allowed(base: BaseImage) -> tuple[str, ...]:
    """Return the Pythons that will do, the best first."""
    if base.python is not None:
        return (base.python,)
    return tuple(reversed(fitting(base.python_pin) if base.python_pin else SUPPORTED))


def _listed(pythons: tuple[str, ...]) -> str:
    return pythons[0] if len(pythons) == 1 else f"{pythons[-1]} to {pythons[0]}"


def _libc() -> str:
    """Return which C library this machine's programs use."""
    try:
        return "glibc" if os.confstr("CS_GNU_LIBC_VERSION") else "musl"
    except (ValueError, OSError):
        return "musl"
