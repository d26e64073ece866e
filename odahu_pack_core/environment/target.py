"""What an environment is made for: the Python and the platform of a base image, as uv names them."""

from __future__ import annotations

import re
from typing import Final

from odahu_pack_core.errors import DependencyError
from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.values import dataclass

_MACHINES: Final = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}
_FULL_VERSION: Final = re.compile(r"\d+\.\d+\.\d+")

_OLDEST_IN_USE: Final = {
    "3.6": "3.6.9",  # Ubuntu 18.04
    "3.7": "3.7.3",  # Debian 10
    "3.8": "3.8.10",  # Ubuntu 20.04
    "3.9": "3.9.2",  # Debian 11
    "3.10": "3.10.12",  # Ubuntu 22.04
    "3.11": "3.11.2",  # Debian 12
    "3.12": "3.12.3",  # Ubuntu 24.04
    "3.13": "3.13.5",  # Debian 13
}
"""The patch releases of distributions: what holds for them holds for later ones."""


@dataclass(frozen=True)
class Target:
    """The Python and the platform that packages must run on.

    Args:
        python: X.Y.
        full_python: X.Y.Z, which markers and Requires-Python are judged by.
        platform: ``os/arch``.
        machine: The architecture as wheels name it.
        libc: ``glibc`` or ``musl``.
    """

    python: str
    full_python: str
    platform: str
    machine: str
    libc: str

    @classmethod
    def of(cls, base: BaseFacts) -> Target:
        """Return the target that a base image is.

        Raises:
            DependencyError: It has no Python, or a platform that no wheels are made for.
        """
        if base.python is None:
            raise DependencyError(
                f"no Python was found in the base image {base.reference}",
                code="no-python",
                hint="name a base image with Python in dockerfileBaseImage, such as python:3.11-slim",
            )
        machine = _MACHINES.get(base.platform)
        if machine is None:
            raise DependencyError(
                f"environments cannot be made for {base.platform}; known: {', '.join(_MACHINES)}",
                code="platform",
            )
        return cls(base.python, _full_python(base, base.python), base.platform, machine, base.libc)

    def __str__(self) -> str:
        return f"Python {self.python} on {self.platform} ({self.libc})"

    @property
    def uv_platform(self) -> str:
        """The platform as ``uv --python-platform`` names it."""
        return f"{self.machine}-unknown-linux-{'musl' if self.libc == 'musl' else 'gnu'}"


def _full_python(base: BaseFacts, python: str) -> str:
    """Return the patch release: as the official images tell it, else the oldest in wide use."""
    told = base.env.get("PYTHON_VERSION", "")
    if _FULL_VERSION.fullmatch(told) and told.startswith(f"{python}."):
        return told
    return _OLDEST_IN_USE.get(python, f"{python}.0")
