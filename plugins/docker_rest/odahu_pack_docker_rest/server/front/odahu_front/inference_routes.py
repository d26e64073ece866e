"""The routes of the Open Inference Protocol, for clients of KServe and Triton.

https://github.com/kserve/open-inference-protocol, with Triton's binary data: the workers read and write the
tensors, the front only knows where the JSON of a body ends.
"""

import json
import re
from typing import Any, Dict

from odahu_wire import COMPRESSED_INFER, INFER, Header

from .http.request import Exchange, Request
from .http.response import Refusal, Response, unavailable
from .http.routes import Methods, Route, reading
from .job import Dialect, Payload
from .media_type import UNCOMPRESSED, admit_type, content_encoding, unsupported
from .pool import Pool

PREFIX = "/v2"
VERSION = "0.1.0"
"""The version of this server."""

_SERVER = {"name": "odahu-pack-docker-rest", "version": VERSION, "extensions": ["binary_tensor_data"]}
_OK = 200
_SIZE_HEADER = "Inference-Header-Content-Length"
_SIZE = re.compile(rb"[1-9][0-9]{0,8}")
_COMPRESSED = frozenset(["gzip", "x-gzip", "deflate"])
_FIRST_DIMENSION = re.compile(rb'"shape"\s*:\s*\[\s*([0-9]{1,9})')
_SEARCHED_BYTES = 1024


class InferenceRoutes:
    """Answers everything below `PREFIX`.

    Args:
        pool: predicts.
        name: the model's name.
        version: the model's version.
    """

    def __init__(self, pool: Pool, name: str, version: str) -> None:
        self._pool = pool
        self._name = name
        self._version = version

    def table(self) -> Dict[str, Methods]:
        """Return the routes."""
        table = {
            PREFIX: reading(lambda exchange: exchange.answer(_json(_SERVER))),
            PREFIX + "/health/live": reading(lambda exchange: exchange.answer(_json({"live": True}))),
            PREFIX + "/health/ready": reading(self._server_ready),
        }
        model = f"{PREFIX}/models/{self._name}"
        for path in (model, f"{model}/versions/{self._version}"):
            table[path] = reading(self._metadata)
            table[path + "/ready"] = reading(self._model_ready)
            table[path + "/infer"] = {"POST": Route(self._infer, _admit)}
        return table

    def _server_ready(self, exchange: Exchange) -> None:
        self._check_ready()
        exchange.answer(_json({"live": True, "ready": True}))

    def _model_ready(self, exchange: Exchange) -> None:
        self._check_ready()
        exchange.answer(_json({"name": self._name, "ready": True}))

    def _check_ready(self) -> None:
        if not self._pool.ready:
            raise unavailable("no_worker", "no worker can predict now")

    def _metadata(self, exchange: Exchange) -> None:
        if self._pool.metadata is None:
            raise unavailable("no_worker", "the model is being loaded")
        exchange.answer(Response(_OK, self._pool.metadata))

    def _infer(self, exchange: Exchange) -> None:
        request = exchange.request
        kind = INFER if content_encoding(request) in UNCOMPRESSED else COMPRESSED_INFER
        payload = Payload(kind, request.body, _json_size(request), _rows(request.body))
        self._pool.submit(exchange, _DIALECT, payload)


def refuse(refusal: Refusal) -> Response:
    """Say a refusal as the protocol does."""
    body = json.dumps({"error": refusal.message}).encode("ascii")
    return refusal.response._replace(body=body)


def _admit(request: Request) -> None:
    encoding = content_encoding(request)
    if encoding not in UNCOMPRESSED | _COMPRESSED:
        raise unsupported(f"the content encoding {encoding} is not read")
    admit_type(request)
    _json_size(request)


def _json_size(request: Request) -> int:
    size = request.header(b"inference-header-content-length")
    if size is None:
        return 0
    if _SIZE.fullmatch(size) is None:
        raise Refusal(400, "invalid_request", f"{_SIZE_HEADER} is not the size of a JSON document")
    return int(size)


def _rows(body: bytes) -> int:
    """Guess the rows of a request by the shape of its first tensor; a compressed one does not tell."""
    shape = _FIRST_DIMENSION.search(body, 0, _SEARCHED_BYTES)
    return int(shape.group(1)) if shape else 1


def _respond(header: Header, body: bytes) -> Response:
    if not header.split:
        return Response(header.status, body)
    size = (_SIZE_HEADER.lower(), str(header.split))
    return Response(header.status, body, (("content-type", "application/octet-stream"), size))


_DIALECT = Dialect(_respond, refuse)


def _json(document: Dict[str, Any]) -> Response:
    return Response(_OK, json.dumps(document).encode("ascii"))
