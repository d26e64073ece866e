"""A registry's refusal, told from other failures by what an engine says about it."""

from __future__ import annotations

from typing import Final

from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plugins.protocols import Credentials
from odahu_pack_core.plugins.refusal import refusal, without_secret

_REFUSALS: Final = (
    "unauthorized",
    "no basic auth",
    "denied",
    "forbidden",
    "401",
    "403",
    "incorrect username",
    "invalid username",
)


def refused(action: str, host: str, credentials: Credentials | None, reason: str) -> RegistryError:
    """Return the error that says who refused what, to whom, and why.

    Args:
        action: What failed, in words.
        host: The registry.
        credentials: What it was asked with.
        reason: What the engine said.
    """
    if any(word in reason.lower() for word in _REFUSALS):
        return refusal(action, host, credentials, reason)
    return RegistryError(f"{action}: {without_secret(reason, credentials)}", code="registry-failed")
