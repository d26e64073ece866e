"""Credentials as the engine takes them, and a registry's refusal in words."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Final

from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plan.reference import DOCKER_HUB
from odahu_pack_core.plugins.protocols import Credentials

IDENTITY_TOKEN_USER: Final = "<token>"  # noqa: S105  # a user name
"""The user name with which credential helpers hand out an identity token in place of a password."""

REFUSED: Final = "registry-refused"
"""The code of the error that a refusal makes."""

_HUB_LOGIN: Final = "https://index.docker.io/v1/"
_REFUSALS: Final = (
    "unauthorized",
    "no basic auth",
    "denied",
    "forbidden",
    "401",
    "403",
    "incorrect username",
)
_MASK: Final = "*****"


def auth_header(credentials: Credentials | None) -> Mapping[str, str]:
    """Return the header with credentials; an empty object is how the engine is told that there are none."""
    return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(_fields(credentials)).encode()).decode()}


def login_fields(credentials: Credentials, host: str) -> dict[str, str]:
    """Return credentials in the form in which the engine tries a login.

    Args:
        credentials: A user name and password.
        host: The registry.
    """
    return {**_fields(credentials), "serveraddress": _HUB_LOGIN if host == DOCKER_HUB else host}


def refused(action: str, host: str, credentials: Credentials | None, reason: str) -> RegistryError:
    """Return the error that says who refused what, to whom, and why.

    Args:
        action: What failed, in words.
        host: The registry.
        credentials: What it was asked with.
        reason: What the engine said.
    """
    if credentials is not None and credentials.password:
        reason = reason.replace(credentials.password, _MASK)
    if not any(word in reason.lower() for word in _REFUSALS):
        return RegistryError(f"{action}: {reason}", code="registry-failed")
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
        hint=_BASE64_HINT if credentials.was_base64 else "",
    )


_BASE64_HINT: Final = (
    "the password was read as base64, as ODAHU's plain strings are; "
    "if it is meant literally, write it as {value: TEXT}, {env: NAME} or {file: PATH}"
)


def _fields(credentials: Credentials | None) -> dict[str, str]:
    if credentials is None:
        return {}
    if credentials.username == IDENTITY_TOKEN_USER:
        return {"identitytoken": credentials.password}
    return {"username": credentials.username, "password": credentials.password}
