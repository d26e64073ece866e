"""One question to a Docker engine at a local socket, without docker-py, which takes long to import."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Final

from odahu_pack_core.errors import EngineError

from .client import JsonObject
from .connection import connected
from .presence import UNIX, absent, host_of

_OK, _NOT_FOUND = 200, 404
_SECONDS: Final = 60
_LARGEST: Final = 8 * 1024 * 1024


def described_image(name: str, environ: Mapping[str, str]) -> JsonObject | None:
    """Return what the engine that the environment names says of an image; None when it has none.

    Args:
        name: The image.
        environ: The environment variables of the run.

    Raises:
        EngineError: No engine answers there, or it failed.
    """
    host, path = host_of(environ), f"/images/{name}/json"
    if not host.startswith(UNIX):
        with connected(environ) as client:
            return client.get(path)
    try:
        status, content = _answer(host.removeprefix(UNIX), path)
        found = json.loads(content)
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        raise absent(host, getattr(error, "strerror", None) or str(error)) from None
    if status == _NOT_FOUND:
        return None
    if status != _OK or not isinstance(found, dict):
        raise EngineError(f"the Docker engine at {host} answers with status {status}", code="engine-refused")
    return found


def _answer(path: str, question: str) -> tuple[int, bytes]:
    with closing(_LocalConnection(f"/{path.lstrip('/')}")) as connection:
        connection.request("GET", question)
        answer = connection.getresponse()
        return answer.status, answer.read(_LARGEST)


class _LocalConnection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect; whoever closes the connection closes the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(self._path)
