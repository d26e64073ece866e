"""The server around its parts: started, drained on SIGTERM, and ended with an exit code."""

import asyncio
import logging
import signal
import socket
import time
from typing import Optional

from .access_log import AccessLog
from .children import Children
from .health_routes import health_routes
from .http.connection import Connection
from .http.descriptors import room_for_connections
from .http.request import Exchange
from .http.response import Response
from .http.routes import Routes, reading
from .http.site import Limits, Site
from .inference_routes import PREFIX, InferenceRoutes, refuse
from .log_writer import ServerLog
from .metrics import Metrics
from .model_routes import ModelRoutes
from .numbers import front_reads_numbers
from .options import Options
from .pages import FOLDER, pages
from .pool import Pool, Shape
from .spawning import Spawner

_LOG = logging.getLogger(__name__)

# Bodies of the largest size that may be held at the same time.
_BODIES_HELD = 4
_BACKLOG = 2048
_ACCEPTED_AT_ONCE = 64  # without a look at how many connections there are already
_WORKER_GRACE_SECONDS = 2.0
_GLANCE_SECONDS = 0.02
_FAREWELL_SECONDS = 0.2  # for the answers that say that it is over


def run(options: Options, spawner: Spawner, name: str, version: str, listener: socket.socket) -> int:
    """Serve a model on a loop of its own; the arguments are those of `Server` and `Server.serve`."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s", handlers=[ServerLog()])
    loop = _event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(Server(options, spawner, name, version).serve(listener))
    finally:
        loop.close()


def _event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 - not every Python has a wheel of it
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class Server:
    """Serves a model from a bound socket.

    Args:
        options: how to serve.
        spawner: starts the workers' processes.
        name: the model's name.
        version: the model's version.
    """

    def __init__(self, options: Options, spawner: Spawner, name: str, version: str) -> None:
        self._loop = asyncio.get_event_loop()
        # No request lives longer than its timeout; a client that does not read its answer might.
        self._drain_seconds = min(options.drain_timeout, options.timeout + 1)
        self._reads_numbers = front_reads_numbers(options.workers)
        self._failure = ""
        self._over: "asyncio.Future[None]" = self._loop.create_future()
        self._children = Children(self._loop)
        self._access_log = AccessLog(self._loop)
        self._metrics = Metrics(name, version)
        shape = Shape(options.workers, options.threads, options.max_batch_size, options.timeout)
        self._pool = Pool(self._children, spawner, shape, self._fail, self._metrics.observe_call)
        limits = Limits(
            options.max_body_bytes,
            _BODIES_HELD * options.max_body_bytes,
            options.timeout,
            connections=room_for_connections(),
        )
        self._site = Site(self._routes(name, version), limits, self._record)
        self._listener: Optional[asyncio.AbstractServer] = None

    async def serve(self, listener: socket.socket) -> int:
        """Serve until a signal comes or the model turns out not to start.

        Returns:
            The exit code: 0 after a signal, 1 when the model could not be loaded.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._on_signal)
        self._children.listen()
        self._pool.start()
        self._listener = await self._loop.create_server(
            lambda: Connection(self._site), sock=listener, backlog=_ACCEPTED_AT_ONCE
        )
        listener.listen(_BACKLOG)
        try:
            await self._over
        finally:
            self._listener.close()
            self._site.abort()
            await self._pool.close(_WORKER_GRACE_SECONDS)
            self._children.close()
            self._access_log.close()
        if self._failure:
            _LOG.error("the model cannot be served: %s", self._failure)
        return 1 if self._failure else 0

    def _routes(self, name: str, version: str) -> Routes:
        model = ModelRoutes(self._pool, name, version, reads_numbers=self._reads_numbers)
        table = {**model.table(), **health_routes(self._pool)}
        table.update(InferenceRoutes(self._pool, name, version).table())
        table.update(self._metrics.table(self._pool, lambda: self._access_log.dropped))
        table.update((path, reading(answer)) for path, answer in pages(FOLDER, name, table).items())
        self._metrics.know(list(table))
        return Routes(table, {PREFIX: refuse})

    def _record(self, exchange: Exchange, response: Response, client: str) -> None:
        seconds = time.monotonic() - exchange.begun
        self._metrics.observe_answer(exchange, response, seconds)
        self._access_log.record(exchange, response, client, seconds)

    def _fail(self, reason: str) -> None:
        self._failure = self._failure or reason
        self._end()

    def _on_signal(self) -> None:
        """Stop listening at the first signal and let requests finish; at the second one end at once."""
        if self._site.draining:
            self._give_up()
            return
        assert self._listener is not None  # noqa: S101 - signals are handled by the loop, which serves by now
        self._listener.close()
        self._site.drain()
        self._loop.call_later(self._drain_seconds, self._give_up)
        self._end_when_drained()

    def _end_when_drained(self) -> None:
        if self._site.connections:
            self._loop.call_later(_GLANCE_SECONDS, self._end_when_drained)
        else:
            self._end()

    def _give_up(self) -> None:
        """Answer what is still in progress with 503, and end."""
        self._pool.end()
        self._loop.call_later(_FAREWELL_SECONDS, self._end)

    def _end(self) -> None:
        if not self._over.done():
            self._over.set_result(None)
