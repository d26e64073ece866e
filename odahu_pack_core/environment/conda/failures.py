"""rattler's errors, made errors that say what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from odahu_pack_core.environment.cache import disk_full
from odahu_pack_core.errors import DependencyError

_LEAD_IN: Final = re.compile(r"\ACannot solve the request because of:\s*")
_DISK_FULL: Final = re.compile(r"os error 28|os error 122")
_SECRET: Final = re.compile(r"(?<=://)[^/\s@]*@|(?<=/t/)[^/\s)]+")


def unsolvable(error: Exception, channels: tuple[str, ...]) -> DependencyError:
    """Return the error for packages that cannot be had together."""
    told = _LEAD_IN.sub("", _words(error))
    return DependencyError(
        f"the conda packages cannot be had from {', '.join(channels)}\n{told}",
        code="conda-unsolvable",
        hint="change the versions in conda.yaml, or add the channel that has the packages",
    )


def bad_spec(error: Exception, spec: str) -> DependencyError:
    """Return the error for a line of a conda file that rattler cannot read."""
    return DependencyError(f"{spec!r} is not a conda match spec: {_words(error)}", code="conda-spec")


def unreachable(error: Exception) -> DependencyError:
    """Return the error for a channel that does not answer."""
    return DependencyError(
        f"a conda channel cannot be read\n{_words(error)}",
        code="channel-unreachable",
        hint="check the channels in conda.yaml, the network, and rattler's settings for proxies, mirrors "
        "and credentials",
    )


def not_fetched(error: OSError, name: str, folder: Path) -> DependencyError:
    """Return the error for a package that cannot be downloaded to a folder, or unpacked there."""
    if _DISK_FULL.search(str(error)):
        return disk_full(folder)
    return DependencyError(
        f"the conda package {name} cannot be had\n{_words(error)}",
        code="conda-package",
        hint="run again with --refresh; if it stays, the channel does not serve what it lists",
    )


def malformed(name: str, fault: str) -> DependencyError:
    """Return the error for a package that is not as conda packages are."""
    return DependencyError(f"the conda package {name} is malformed: {fault}", code="conda-malformed")


def _words(error: Exception) -> str:
    """Return an error's words, without what a URL may carry of credentials."""
    return _SECRET.sub("", str(error)).strip()
