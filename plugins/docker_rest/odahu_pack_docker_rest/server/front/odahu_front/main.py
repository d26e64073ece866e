"""From the command line to a listening server."""

import json
import signal
import socket
import sys
from typing import Any, List, Tuple

from .numbers import front_reads_numbers
from .options import Options, parse_options
from .spawning import Spawner


def main(argv: List[str]) -> int:
    """Serve the model of this image.

    Args:
        argv: the options; see ``--help``.

    Returns:
        The exit code: 0 after SIGTERM or SIGINT, 1 when the model cannot be loaded or the address is
        of no use.
    """
    options = parse_options(argv)
    signal.signal(signal.SIGTERM, _end)  # process 1 gets no signal that it does not handle
    spawner = Spawner(_worker_command(options))
    try:
        name, version = _read_name(options.model_json)
        listener = _listen(options.host, options.port)
        spawner.spawn_early(options.workers)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"front: {error}\n")
        return 1
    host, port = listener.getsockname()[:2]
    sys.stderr.write(
        f"Model {name!r} version {version!r} on {host} port {port}: workers {options.workers}, "
        f"threads {options.threads}, timeout {options.timeout:g} s\n"
        f"{_invitation(host, port)}"
    )
    sys.stderr.flush()
    from .server import run  # noqa: PLC0415 - the workers load the model while the front imports the rest

    return run(options, spawner, name, version, listener)


def _end(_number: int, _frame: Any) -> None:
    sys.exit(0)


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
        raise OSError(f"cannot listen on {host!r} port {port}: {_reason(error)}") from error
    return listener


def _invitation(host: str, port: int) -> str:
    """Return a line with the address, where that is one which a browser on this machine can open."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared only
        return ""
    return (
        f"Try it out at http://[{host}]:{port}/\n"
        if ":" in host
        else f"Try it out at http://{host}:{port}/\n"
    )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


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
