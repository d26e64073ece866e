"""uv's explanations of a failure, made errors that say what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from odahu_pack_core.command import Outcome
from odahu_pack_core.errors import DependencyError

from .target import Target

_LAST_LINES: Final = 20
_PREFIX: Final = re.compile(r"^\s*(?:error|cause|hint): ?")
_NOT_FOUND: Final = re.compile(r"(\S+) was not found in the (?:package registry|provided package locations)")
_NO_WHEEL: Final = re.compile(
    r"(\S+) (?:has|have) no (?:usable wheels|wheels with a matching)|Wheels are required for `(\S+)`"
)

_FAULTS_OUTSIDE: Final = (
    (
        re.compile(r"No space left on device|os error 28|Disk quota exceeded"),
        "disk-full",
        "no space is left on the disk",
        "free some space, or set ODAHU_PACK_CACHE_DIR and UV_CACHE_DIR to folders on another disk",
    ),
    (
        re.compile(
            r"\b(?:401 Unauthorized|403 Forbidden|Missing credentials|status code 401|status code 403)"
        ),
        "index-refused",
        "a package index refused access",
        "check its credentials: UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD, or a netrc file",
    ),
    (
        re.compile(r"Hash mismatch", re.IGNORECASE),
        "hash-mismatch",
        "a package is not the one that was chosen: its digest differs",
        "run again with --refresh; if it stays, the index serves other files under the same name",
    ),
    (
        re.compile(r"is not compatible with the target Python"),
        "wrong-wheel",
        "a source distribution was built by another Python than the image's",
        "put the image's Python on PATH of this machine, or use a version that has a wheel",
    ),
    (
        re.compile(r"error sending request|client error|Failed to fetch|dns error|operation timed out"),
        "index-unreachable",
        "a package index cannot be reached",
        "check the network and the index settings (UV_DEFAULT_INDEX, UV_INDEX, uv.toml)",
    ),
)


def failure_of(outcome: Outcome, target: Target) -> DependencyError:
    """Return the error that uv's output tells of.

    Args:
        outcome: How uv ended; its stderr is redacted.
        target: What packages were sought for.
    """
    everything, text = "\n".join(outcome.stderr), "\n".join(explanation(outcome.stderr))
    for pattern, code, message, hint in _FAULTS_OUTSIDE:
        if pattern.search(everything):
            return DependencyError(f"{message}\n{text}", code=code, hint=hint)
    if missing := _NOT_FOUND.search(text):
        return DependencyError(
            f"no package index has {missing[1]}\n{text}",
            code="no-such-package",
            hint="correct its name, or write the index that has it with --extra-index-url under pip",
        )
    if wheel := _NO_WHEEL.search(everything):
        return DependencyError(
            f"{wheel[1] or wheel[2]} has no wheel for {target}\n{text}",
            code="no-wheel",
            hint="ask for another version of it, choose another Python or platform, "
            "or allow --build-from-source",
        )
    if "No solution found" in everything:
        return DependencyError(f"the dependencies cannot be had together\n{text}", code="unresolvable")
    return DependencyError(f"uv failed with exit code {outcome.exit_code}\n{text}", code="uv-failed")


def explanation(lines: Sequence[str]) -> list[str]:
    """Return what explains the failure: from the error line on, without uv's own advice to its users."""
    start = next((number for number, line in enumerate(lines) if line.startswith("error:")), 0)
    told: list[str] = []
    for line in lines[start:]:
        if line.startswith("hint:"):
            break
        text = _PREFIX.sub("", line).strip()
        if text and not text.startswith("No solution found"):
            told.append(text)
    return told[-_LAST_LINES:]
