"""A connection to a Docker engine, over which its HTTP API is spoken; docker-py is the transport.

API: https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from odahu_pack_core.errors import EngineError

if TYPE_CHECKING:
    from docker import APIClient
    from requests import Response

_NOT_FOUND: Final = 404
_FIRST_ERROR: Final = 400
_CONNECT_SECONDS: Final = 60
_READ: Final = 1024 * 1024

JsonObject = dict[str, Any]
"""An object of the engine's JSON, whose fields are checked where they are used."""


class ApiError(EngineError):
    """The engine answered a call with an error.

    Args:
        message: What it said.
        status: The HTTP status; 0 where the error came inside a stream.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message, code="engine-refused")
        self.status = status


class _BodyFailedError(Exception):
    """A request's body could not be made; hides the cause from the transport, which would swallow it."""

    def __init__(self, cause: OSError) -> None:
        super().__init__()
        self.cause = cause


class DockerClient:
    """Calls of the engine's API; every failure of the connection is an `EngineError`.

    Args:
        api: A docker-py client.
        host: The engine's address in words.
        version: The API version that the engine speaks.
    """

    def __init__(self, api: APIClient, host: str, version: str) -> None:
        self._api = api
        self._version = version
        self.host = host

    def get(self, path: str, /, **params: str) -> JsonObject | None:
        """Return an object of the engine; None when there is none."""
        try:
            with self._called("GET", path, params) as response:
                return _object(response.content)
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def post(self, path: str, /, body: JsonObject | None = None, **params: str) -> JsonObject:
        """Change something and return the engine's answer."""
        content = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"} if body is not None else {}
        with self._called("POST", path, params, headers, content) as response:
            return _object(response.content) if response.content else {}

    def delete(self, path: str, /, **params: str) -> None:
        """Remove something; nothing happens when it is gone."""
        try:
            with self._called("DELETE", path, params):
                pass
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise

    def header(self, path: str, name: str, /, **params: str) -> str | None:
        """Return a header of the answer to HEAD; None when there is no such thing."""
        try:
            with self._called("HEAD", path, params) as response:
                return response.headers.get(name)
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    @contextmanager
    def download(self, path: str, /, **params: str) -> Iterator[Iterator[bytes]]:
        """Give the bytes that the engine sends; the connection closes with the block."""
        with self._called("GET", path, params) as response:
            yield response.iter_content(_READ)

    @contextmanager
    def messages(
        self,
        path: str,
        params: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        body: Iterator[bytes] | None = None,
    ) -> Iterator[Iterator[JsonObject]]:
        """Start something long and give its messages as they come; leaving the block early stops it.

        Args:
            path: Of the API call.
            params: Its query.
            headers: Extra headers.
            body: What is uploaded, in chunks.

        Raises:
            ApiError: A message says that it failed; the engine answers 200 before it knows.
        """
        with self._called("POST", path, params, headers or {}, body) as response:
            yield _checked(response)

    @contextmanager
    def _called(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterator[bytes] | None = None,
    ) -> Iterator[Response]:
        url = f"{self._api.base_url}/v{self._version}{path}"
        # Uploads, builds and pushes may stay silent for long: once connected, waiting has no end.
        timeout = (_CONNECT_SECONDS, None)
        content = body if body is None or isinstance(body, bytes) else _guarded(body)
        with _told(self.host):
            response = self._api.request(
                method, url, params=params, headers=headers, data=content, stream=True, timeout=timeout
            )
            try:
                if response.status_code >= _FIRST_ERROR:
                    raise ApiError(_reason(response), response.status_code)
                yield response
            finally:
                response.close()


@contextmanager
def _told(host: str) -> Iterator[None]:
    """Turn failures of the transport into errors in words."""
    from requests import RequestException  # noqa: PLC0415  # comes with docker-py
    from urllib3.exceptions import HTTPError  # noqa: PLC0415  # as above

    try:
        yield
    except _BodyFailedError as failed:
        raise failed.cause from None
    except (RequestException, HTTPError) as error:
        raise EngineError(
            f"the connection to the Docker engine at {host} broke: {innermost(error)}", code="engine-lost"
        ) from None


def innermost(error: BaseException) -> str:
    """Return the first line of what an error comes from in the end."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).splitlines()[0]


def _guarded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from chunks
    except OSError as error:
        raise _BodyFailedError(error) from None


def _object(content: bytes) -> JsonObject:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise EngineError("the engine's answer is not a JSON object", code="bad-answer")
    return value


def _reason(response: Response) -> str:
    try:
        return str(_object(response.content)["message"])
    except (KeyError, EngineError):
        return f"HTTP {response.status_code} {response.reason}"


def _checked(response: Response) -> Iterator[JsonObject]:
    for line in response.iter_lines():
        if not line.strip():
            continue
        message = _object(line)
        if error := message.get("errorDetail"):
            raise ApiError(str(error.get("message") or message.get("error")))
        yield message
