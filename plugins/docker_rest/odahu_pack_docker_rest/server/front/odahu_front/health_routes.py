"""Whether the server is alive, and whether it can predict."""

import json
from typing import Dict

from .http.request import Exchange
from .http.response import Response, unavailable
from .http.routes import Methods, reading
from .pool import Pool

_TRUE = Response(200, json.dumps({"status": True}).encode("ascii"))


def health_routes(pool: Pool) -> Dict[str, Methods]:
    """Return the routes for those who restart containers and those who send them requests."""

    def readiness(exchange: Exchange) -> None:
        if not pool.ready:
            raise unavailable("no_worker", "no worker can predict now")
        exchange.answer(_TRUE)

    return {"/healthcheck": reading(_alive), "/readiness": reading(readiness)}


def _alive(exchange: Exchange) -> None:
    exchange.answer(_TRUE)
