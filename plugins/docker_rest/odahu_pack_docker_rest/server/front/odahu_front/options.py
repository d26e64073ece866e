"""The options of the server, read from the command line."""

import argparse
import os
from typing import Callable, List, NamedTuple

# The folder that holds front, worker, artifact and model.json.
_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_MAX_PORT = 65535
_MEBIBYTE = 1024 * 1024


class Options(NamedTuple):
    """How to serve.

    Args:
        host: the address to listen on.
        port: the port to listen on; 0 takes any that is free.
        timeout: seconds from a request to its answer.
        workers: processes that hold the model.
        threads: predictions at the same time in each of them.
        max_body_bytes: the size of the largest request.
        max_batch_size: rows of different requests in one call of the model; 1 keeps requests apart.
        drain_timeout: seconds that requests in progress have after SIGTERM.
        model_json: the file with the model's name, version and place.
        artifact: the folder of the unpacked artifact.
        worker: the folder with the worker's program.
    """

    host: str
    port: int
    timeout: float
    workers: int
    threads: int
    max_body_bytes: int
    max_batch_size: int
    drain_timeout: float
    model_json: str
    artifact: str
    worker: str


def parse_options(argv: List[str]) -> Options:
    """Read the command line.

    Raises:
        SystemExit: with 2 after a message for a wrong option, with 0 after the help.
    """
    return Options(**vars(_parser().parse_args(argv)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="front",
        description="Serve the model of this image over HTTP. Options that are left out stay as they were "
        "packaged; only where the front is started without its image they are the defaults below.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="0.0.0.0", help="address to listen on")  # noqa: S104 - a container's port is for others
    add("--port", type=_port, default=5000, help="port to listen on, 0 for any free one")
    _add(parser, "--timeout", "S", 60.0, "seconds until a request is given up")
    _add(parser, "--workers", "N", 1, "processes that hold the model")
    _add(parser, "--threads", "N", 4, "predictions at the same time in each worker")
    _add(parser, "--max-batch-size", "N", 1, "rows of waiting requests in one call of the model")
    _add(parser, "--max-body-bytes", "N", 64 * _MEBIBYTE, "size of the largest request")
    _add(parser, "--drain-timeout", "S", 25.0, "seconds that requests have to finish after SIGTERM")
    add("--model-json", default=os.path.join(_HOME, "model.json"), help=argparse.SUPPRESS)
    add("--artifact", default=os.path.join(_HOME, "artifact"), help=argparse.SUPPRESS)
    add("--worker", default=os.path.join(_HOME, "worker"), help=argparse.SUPPRESS)
    return parser


def _add(parser: argparse.ArgumentParser, name: str, unit: str, default: float, told: str) -> None:
    kind = _seconds if unit == "S" else _count
    parser.add_argument(name, type=kind, metavar=unit, default=default, help=told)


def _checked(convert: Callable[[str], float], text: str, low: float, expected: str) -> float:
    try:
        value = convert(text)
    except ValueError:
        value = low - 1
    if not low <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not {expected}")
    return value


def _count(text: str) -> int:
    return int(_checked(int, text, 1, "a whole number from 1"))


def _port(text: str) -> int:
    port = int(_checked(int, text, 0, "a port"))
    if port > _MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return port


def _seconds(text: str) -> float:
    return _checked(float, text, 0.001, "a number of seconds")
