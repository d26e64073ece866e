"""Whether a Docker engine is there, asked without speaking to it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from odahu_pack_core.errors import EngineError

_DEFAULT_HOST: Final = "unix:///var/run/docker.sock"
UNIX: Final = "unix://"
"""How the address of a local socket begins."""

_TCP: Final = frozenset({"tcp", "http", "https"})
_PORT: Final = 2375
_SECONDS: Final = 1.0


def host_of(environ: Mapping[str, str]) -> str:
    """Return the engine that ``DOCKER_HOST`` names, else the default socket."""
    return environ.get("DOCKER_HOST") or _DEFAULT_HOST


def missing_docker(environ: Mapping[str, str]) -> str:
    """Say that no Docker engine is there; nothing when one seems to be.

    Args:
        environ: The environment variables of the run.
    """
    host = host_of(environ)
    try:
        knock(host)
        parts = urlsplit(host)
        if parts.scheme in _TCP:
            place = parts.hostname or "", parts.port or _PORT
            socket.create_connection(place, _SECONDS).close()
    except (OSError, ValueError) as error:
        return f"no Docker engine answers at {host}: {error}"
    return ""


def absent(host: str, reason: str) -> EngineError:
    """Return the error for an engine that does not answer."""
    return EngineError(
        f"no Docker engine answers at {host}: {reason}",
        code="engine-absent",
        hint="start Docker, or let DOCKER_HOST name the engine to use",
    )


def knock(host: str) -> None:
    """Try a local socket: docker-py leaves one open that it cannot connect.

    Raises:
        OSError: Nobody listens there, or not to us.
    """
    if host.startswith(UNIX):
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.connect(f"/{host.removeprefix(UNIX).lstrip('/')}")
