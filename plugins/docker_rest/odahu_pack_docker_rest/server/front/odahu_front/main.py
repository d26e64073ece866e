"""From the command line to a listening server."""

import asyncio
import json
import logging
import socket
import sys
from typing import List, Tuple

from .log_writer import ServerLog
from .numbers import front_reads_numbers
from .options import Options, parse_options
from .server import Server


def main(argv: List[str]) -> int:
    """Serve the model of this image.

    Args:
        argv: the options; see ``--help``.

    Returns:
        The exit code: 0 after SIGTERM or SIGINT, 1 when the model cannot be loaded or the address is
        of no use.
    """
    options = parse_options(argv)
    try:
        name, version = _read_name(options.model_json)
        listener = _listen(options.host, options.port)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"front: {error}\n")
        return 1
    host, port = listener.getsockname()[:2]
    sys.stderr.write(
        f"Model {name!r} version {version!r} on {host} port {port}: workers {options.workers}, "
        f"threads {options.threads}, timeout {options.timeout:g} s\n"
    )
    sys.stderr.flush()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s", handlers=[ServerLog()])
    loop = _event_loop()
    asyncio.set_event_loop(loop)
    try:
        server = Server(options, _worker_command(options), name, version)
        return loop.run_until_complete(server.serve(listener))
    finally:
        loop.close()


def _event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 - not every Python has a wheel of it
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _read_name(path: str) -> Tuple[str, str]:
    with open(path, encoding="utf-8") as file:
        facts = json.load(file)
    try:
        return str(facts["name"]), str(facts["version"])
    except (KeyError, TypeError):
        raise ValueError(f"{path}: name and version are missing") from None


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, UnicodeError) as error:
        raise OSError(f"cannot listen on {host!r} port {port}: {error}") from error
    return listener


def _worker_command(options: Options) -> List[str]:
    return [
        sys.executable,
        "-I",
        options.worker,
        "--threads",
        str(options.threads),
        "--batch-rows",
        str(options.max_batch_size),
        *(["--numbers"] if front_reads_numbers(options.workers) else []),
        "--max-body-bytes",
        str(options.max_body_bytes),
        "--model-json",
        options.model_json,
        "--artifact",
        options.artifact,
    ]
