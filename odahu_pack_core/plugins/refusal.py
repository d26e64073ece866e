"""A registry's refusal in words: whom it refused, where the credentials came from, what to do."""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import quote_plus

from odahu_pack_core.errors import RegistryError

from .protocols import Credentials

REFUSED: Final = "registry-refused"
"""The code of the error that a refusal makes."""

_MASK: Final = "*****"
_BASE64_HINT: Final = (
    "the password was read as base64, as ODAHU's plain strings are; "
    "if it is meant literally, write it as {value: TEXT}, {env: NAME} or {file: PATH}"
)
_LOGIN_HINT: Final = "check the password, and whether the user may do this in this repository"


def refusal(action: str, host: str, credentials: Credentials | None, reason: str) -> RegistryError:
    """Return the error that says who refused what, to whom, and why.

    Args:
        action: What failed, in words.
        host: The registry.
        credentials: What it was asked with; None for anonymous access.
        reason: What the registry said.
    """
    reason = without_secret(reason, credentials)
    if credentials is None:
        return RegistryError(
            f"{action}: the registry {host} refused anonymous access: {reason}",
            code=REFUSED,
            hint=f"give the connection a username and password, or log in with `docker login {host}`",
        )
    origin = f" from {credentials.origin}" if credentials.origin else ""
    return RegistryError(
        f"{action}: the registry {host} refused user {credentials.username!r}{origin}: {reason}",
        code=REFUSED,
        hint=_BASE64_HINT if credentials.was_base64 else _LOGIN_HINT,
    )


def without_secret(text: str, credentials: Credentials | None) -> str:
    """Return what a registry said without the password that it may repeat, as written or as it was sent."""
    if credentials is None or not credentials.password:
        return text
    pair = f"{credentials.username}:{credentials.password}".encode()
    for secret in (credentials.password, base64.b64encode(pair).decode(), quote_plus(credentials.password)):
        text = text.replace(secret, _MASK)
    return text
