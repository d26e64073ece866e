"""The HTTP server around the application: started, drained on SIGTERM, and ended with an exit code."""

import asyncio
import contextlib
import copy
import logging
import signal
import socket
from typing import Any, Dict, Iterator, List

import uvicorn
import uvicorn.config

from .app import App
from .children import Children
from .options import Options
from .pool import Pool

_LOG = logging.getLogger(__name__)

_KEEP_ALIVE_SECONDS = 75  # longer than the proxies in front, so that they close idle connections first
_WORKER_GRACE_SECONDS = 2.0
_FAREWELL_SECONDS = 0.2  # for the answers that say that it is over


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own, which differ between its versions."""

    def install_signal_handlers(self) -> None:
        """Leave the signals to `serve` (uvicorn before 0.29)."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `serve` (uvicorn from 0.29 on)."""
        yield


async def serve(
    options: Options, command: List[str], name: str, version: str, listener: socket.socket
) -> int:
    """Serve until a signal comes or the model turns out not to start.

    Args:
        options: how to serve.
        command: a worker's command line.
        name: the model's name.
        version: the model's version.
        listener: the bound socket.

    Returns:
        The exit code: 0 after a signal, 1 when the model could not be loaded.
    """
    loop = asyncio.get_event_loop()
    failures: List[str] = []

    def on_failed_start(reason: str) -> None:
        failures.append(reason)
        server.should_exit = True

    children = Children(loop)
    pool = Pool(children, command, options.workers, options.threads, on_failed_start)
    app = App(pool, name, version, options.timeout, options.max_body_bytes)
    server = _Server(_config(app))
    _drain_on_signals(loop, server, pool, options.timeout)
    pool.start()
    try:
        await server.serve(sockets=[listener])
    finally:
        await pool.close(_WORKER_GRACE_SECONDS)
        children.close()
    if failures:
        _LOG.error("the model cannot be served: %s", failures[0])
    return 1 if failures else 0


def _config(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        interface="asgi3",
        lifespan="off",
        loop="asyncio",
        http=_http(),
        ws="none",
        log_config=_log_config(),
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )


def _http() -> Any:
    """Return the class of connections, or uvicorn's name of one."""
    try:
        from .connection import BoundedProtocol  # noqa: PLC0415 - not every Python has a wheel of httptools
    except ImportError:
        return "h11"  # it bounds heads itself
    return BoundedProtocol


def _log_config() -> Dict[str, Any]:
    # uvicorn's own: the access log on standard output, all else on standard error.
    config = copy.deepcopy(uvicorn.config.LOGGING_CONFIG)
    config["loggers"][__package__] = {"handlers": ["default"], "level": "INFO"}
    return config


def _drain_on_signals(loop: asyncio.AbstractEventLoop, server: _Server, pool: Pool, timeout: float) -> None:
    """Stop listening at the first signal and let requests finish; at the second one end at once."""

    def end() -> None:
        server.force_exit = True
        pool.end()
        loop.call_later(_FAREWELL_SECONDS, hang_up)

    def hang_up() -> None:
        # From Python 3.12 on a closed server waits for its connections, whatever uvicorn was told.
        for connection in list(server.server_state.connections):
            connection.transport.abort()

    def drain() -> None:
        if server.should_exit:
            end()
        server.should_exit = True
        # No request lives longer than its timeout; a client that does not read its answer might.
        loop.call_later(timeout + 1, end)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, drain)
