"""The floor under sending a large file to a registry: read and hash it, then send it, and nothing else."""

import base64
import hashlib
import http.client
import time
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.measure import BenchmarkError
from workbench import Registry

_CHUNK = 2**20
_UPLOADS = "/v2/benchmark/floor/blobs/uploads/"


def floor_seconds(path: Path, registry: Registry) -> float:
    """Read, hash and send a file as one blob, stored as it is, and return the time that it took.

    Args:
        path: The file.
        registry: Receives it, in one PUT.

    Raises:
        BenchmarkError: The registry refused it.
    """
    began = time.perf_counter()
    digest = _digest(path)
    connection = http.client.HTTPConnection(registry.host, blocksize=_CHUNK)
    try:
        _send(path, digest, connection, _authorization(registry))
    finally:
        connection.close()
    return time.perf_counter() - began


def _digest(path: Path) -> str:
    hashing, buffer = hashlib.sha256(), bytearray(_CHUNK)
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(buffer):
            hashing.update(memoryview(buffer)[:size])
    return f"sha256:{hashing.hexdigest()}"


def _send(path: Path, digest: str, connection: http.client.HTTPConnection, authorization: str) -> None:
    """Send a blob in one piece, as the distribution specification's POST then PUT."""
    headers = {"Authorization": authorization}
    connection.request("POST", _UPLOADS, headers=headers)
    place = urlsplit(_location(connection, HTTPStatus.ACCEPTED))
    size = {"Content-Length": str(path.stat().st_size), "Content-Type": "application/octet-stream"}
    with path.open("rb") as file:
        connection.request("PUT", f"{place.path}?{place.query}&digest={digest}", file, {**headers, **size})
    _location(connection, HTTPStatus.CREATED)


def _location(connection: http.client.HTTPConnection, expected: HTTPStatus) -> str:
    with connection.getresponse() as answer:
        said = answer.read()
        if answer.status != expected:
            raise BenchmarkError(f"the registry answered {answer.status}: {said.decode(errors='replace')}")
        return answer.headers["Location"]


def _authorization(registry: Registry) -> str:
    login = f"{registry.username}:{registry.password}".encode()
    return f"Basic {base64.b64encode(login).decode()}"
