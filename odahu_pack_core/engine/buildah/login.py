"""Ways into registries as ``buildah`` takes them: a file with credentials that is gone after the run."""

from __future__ import annotations

import base64
import json
import os
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from odahu_pack_core.plugins.protocols import IDENTITY_TOKEN_USER, Credentials, RegistryAccess
from odahu_pack_core.values import dataclass

_ONLY_OURS: Final = 0o600


@dataclass(frozen=True)
class Login:
    """How ``buildah`` gets into one registry.

    Args:
        host: The registry.
        credentials: What it is asked with; None for anonymous access.
        file: Holds the credentials, readable by the user only.
        insecure: Whether the registry may do without TLS.
    """

    host: str
    credentials: Credentials | None
    file: Path
    insecure: bool

    @classmethod
    def of(cls, host: str, access: RegistryAccess | None, file: Path) -> Login:
        """Write the credentials of an access to a file that does not exist yet.

        Raises:
            SpecError: A credential that the connection names cannot be read.
            RegistryError: The credentials could not be fetched.
        """
        credentials = access.credentials() if access is not None else None
        content = {"auths": {host: _entry(credentials)} if credentials else {}}
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_OURS), "w") as stream:  # noqa: PTH123  # pathlib cannot set the mode before there is content
            json.dump(content, stream)
        insecure = _is_loopback(host) or (access is not None and access.plain_http)
        return cls(host, credentials, file, insecure)

    @property
    def options(self) -> tuple[str, ...]:
        """The options of commands that ask the registry."""
        return (f"--authfile={self.file}", f"--tls-verify={'false' if self.insecure else 'true'}")

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no line of output may show."""
        return (self.credentials.password,) if self.credentials else ()


def _entry(credentials: Credentials) -> dict[str, str]:
    if credentials.username == IDENTITY_TOKEN_USER:
        return {"identitytoken": credentials.password}
    pair = f"{credentials.username}:{credentials.password}"
    return {"auth": base64.b64encode(pair.encode()).decode()}


def _is_loopback(host: str) -> bool:
    """Tell whether a registry is on this machine, where it may speak plain HTTP."""
    hostname = urlsplit(f"//{host}").hostname or ""
    try:
        return hostname == "localhost" or ip_address(hostname).is_loopback
    except ValueError:
        return False
