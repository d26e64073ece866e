"""The error tree: every failure a caller may see, each family with its exit code.

OdahuPackError            1   something unexpected
├── UsageError            2   the call itself is wrong
├── SpecError            10   what the user wrote: manifests, connections, arguments, targets
├── PluginError          11   a plugin is missing, broken or in conflict
├── ArtifactError        12   the model artifact is missing, corrupt or unsafe
├── PlanError            13   no image can be planned from these inputs
├── DependencyError      14   the model's dependencies cannot be had
├── EngineError          15   the container engine is absent or failed
├── RegistryError        16   an image registry refused or failed
└── Cancelled           130   the caller interrupted the run
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_NAME: Final = 100


class OdahuPackError(Exception):
    """Root of all errors that odahu-pack raises on purpose.

    Args:
        message: What happened and where, in words for the user; never holds a secret.
        code: A stable, machine-readable name of the failure such as ``unknown-key``.
        hint: What to do about it; empty where the message already says so.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, code: str = "unexpected", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(OdahuPackError):
    """The call or the command line is wrong."""

    exit_code = 2


class SpecError(OdahuPackError):
    """A manifest, connection, argument or target is wrong."""

    exit_code = 10


class PluginError(OdahuPackError):
    """A plugin is missing, cannot be imported or conflicts with another."""

    exit_code = 11


class ArtifactError(OdahuPackError):
    """The model artifact is missing, corrupt, unsafe or incomplete."""

    exit_code = 12


class PlanError(OdahuPackError):
    """No image can be planned from inputs that are each well formed."""

    exit_code = 13


class DependencyError(OdahuPackError):
    """The model's dependencies cannot be resolved or installed."""

    exit_code = 14


class EngineError(OdahuPackError):
    """The container engine is absent, or its build failed."""

    exit_code = 15


class RegistryError(OdahuPackError):
    """An image registry refused or failed."""

    exit_code = 16


class Cancelled(OdahuPackError):  # noqa: N818  # an outcome the caller asked for, not a fault
    """The run was interrupted; nothing half-made is left behind."""

    exit_code = 130


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Suggest the nearest known name.

    Args:
        name: What the user wrote.
        known: The names that would have been right.

    Returns:
        ``did you mean 'x'?`` where a near match exists, else ``known: a, b, c`` (or nothing when none is).
    """
    candidates = sorted(known)
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    # A near match of something endless helps nobody, and looking for it takes long.
    near = difflib.get_close_matches(name[:_LONGEST_NAME].casefold(), list(by_folded), n=1, cutoff=0.6)
    if near:
        return f"did you mean {by_folded[near[0]]!r}?"
    return f"known: {', '.join(candidates)}" if candidates else ""
