"""ODAHU's routes: a model's description and its predictions."""

from typing import Dict
from urllib.parse import quote

from odahu_wire import PREDICT, PREDICT_NUMBERS, Header

from .http.request import Exchange
from .http.response import JSON, Headers, Refusal, Response, unavailable
from .http.routes import Methods, Route, reading
from .job import Dialect, Payload
from .media_type import admit_json
from .numbers import read_numbers, write_numbers
from .pool import Pool

_OK = 200


class ModelRoutes:
    """Answers ``/api/model/info`` and ``/api/model/invoke``.

    Args:
        pool: predicts.
        name: the model's name.
        version: the model's version.
        reads_numbers: whether the front itself reads and writes documents of many numbers.
    """

    def __init__(self, pool: Pool, name: str, version: str, *, reads_numbers: bool) -> None:
        self._pool = pool
        self._headers: Headers = (
            *JSON,
            ("model-name", quote(name, "")),
            ("model-version", quote(version, "")),
        )
        self._reads_numbers = reads_numbers
        self._dialect = Dialect(self._respond, _refuse)

    def table(self) -> Dict[str, Methods]:
        """Return the routes."""
        return {
            "/api/model/info": reading(self._info),
            "/api/model/invoke": {"POST": Route(self._invoke, admit_json)},
        }

    def _info(self, exchange: Exchange) -> None:
        if self._pool.description is None:
            raise unavailable("no_worker", "the model is being loaded")
        exchange.answer(Response(_OK, self._pool.description))

    def _invoke(self, exchange: Exchange) -> None:
        body = exchange.request.body
        numbers = read_numbers(body) if self._reads_numbers else None
        if numbers is None:
            payload = Payload(PREDICT, body, rows=_rows(body))
        else:
            payload = Payload(PREDICT_NUMBERS, numbers, rows=_rows(body))
        self._pool.submit(exchange, self._dialect, payload)

    def _respond(self, header: Header, body: bytes) -> Response:
        if header.split:
            body = write_numbers(body, header.split)
        return Response(header.status, body, self._headers if header.status == _OK else JSON)


def _refuse(refusal: Refusal) -> Response:
    return refusal.response


def _rows(body: bytes) -> int:
    """Guess the rows of a matrix document by its brackets: those of the columns, of the data, of each row."""
    return max(1, body.count(b"[") - 2)
