"""The routes of the server, as an ASGI application."""

import asyncio
import json
import logging
from typing import Any, Awaitable, Callable, Dict, Optional
from urllib.parse import quote

from .body import Body, ClientGoneError, Receive, Reservoir
from .pool import Pool
from .response import Headers, Refusal, Response, Send, failure, unavailable

Scope = Dict[str, Any]
Handler = Callable[[Scope, Receive], Awaitable[Response]]

_LOG = logging.getLogger(__name__)
_OK = 200
# Bodies of the largest size that may be held at the same time.
_BODIES_HELD = 4


class App:
    """Answers HTTP requests with the help of a pool of workers.

    Args:
        pool: predicts.
        name: the model's name.
        version: the model's version.
        timeout: seconds from a request to its answer.
        max_body_bytes: the size of the largest request.
    """

    def __init__(self, pool: Pool, name: str, version: str, timeout: float, max_body_bytes: int) -> None:
        self._pool = pool
        self._model: Headers = (("Model-Name", quote(name, "")), ("Model-Version", quote(version, "")))
        self._timeout = timeout
        self._max_body_bytes = max_body_bytes
        self._reservoir = Reservoir(_BODIES_HELD * max_body_bytes)
        reading: Dict[str, Handler] = {"GET": self._info, "HEAD": self._info}
        self._routes: Dict[str, Dict[str, Handler]] = {
            "/api/model/info": reading,
            "/api/model/invoke": {"POST": self._invoke},
            "/healthcheck": {"GET": self._health, "HEAD": self._health},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._respond(scope, receive)
        if response is not None:
            await response.send(send)

    async def _respond(self, scope: Scope, receive: Receive) -> Optional[Response]:
        try:
            return await self._handler(scope)(scope, receive)
        except Refusal as refusal:
            return refusal.response
        except ClientGoneError:
            return None
        except Exception:  # noqa: BLE001 - a fault of ours is answered in JSON, too, and logged
            _LOG.exception("the front failed")
            return failure(500, "internal_error", "the server failed")

    def _handler(self, scope: Scope) -> Handler:
        methods = self._routes.get(scope["path"])
        if methods is None:
            known = ", ".join(sorted(self._routes))
            raise Refusal(404, "not_found", f"there is nothing here, only at {known}")
        if scope["method"] not in methods:
            allowed = ", ".join(sorted(methods))
            message = f"{scope['method']} is not allowed here, use {allowed}"
            raise Refusal(405, "method_not_allowed", message, (("Allow", allowed),))
        return methods[scope["method"]]

    async def _info(self, _scope: Scope, _receive: Receive) -> Response:
        if self._pool.description is None:
            raise unavailable("no_worker", "the model is being loaded")
        return Response(_OK, self._pool.description)

    async def _health(self, _scope: Scope, _receive: Receive) -> Response:
        if not self._pool.ready:
            raise unavailable("no_worker", "no worker can predict now")
        return Response(_OK, json.dumps({"status": True}).encode("ascii"))

    async def _invoke(self, scope: Scope, receive: Receive) -> Response:
        deadline = asyncio.get_event_loop().time() + self._timeout
        body = Body(self._max_body_bytes, self._reservoir)
        try:
            request = await body.read(scope["headers"], receive, self._timeout)
            answer = await self._pool.predict(request, deadline)
        finally:
            body.release()
        return Response(answer.status, answer.body, self._model if answer.status == _OK else ())
