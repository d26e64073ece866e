"""Credentials as the engine takes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Final

from odahu_pack_core.plan.reference import DOCKER_HUB
from odahu_pack_core.plugins.protocols import IDENTITY_TOKEN_USER, Credentials

_HUB_LOGIN: Final = "https://index.docker.io/v1/"


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


def _fields(credentials: Credentials | None) -> dict[str, str]:
    if credentials is None:
        return {}
    if credentials.username == IDENTITY_TOKEN_USER:
        return {"identitytoken": credentials.password}
    return {"username": credentials.username, "password": credentials.password}
