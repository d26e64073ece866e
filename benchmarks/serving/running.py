"""A contender at work: started, seen to predict rightly, then ended."""

import http.client
import json
import math
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from benchmarks.measure import BenchmarkError
from benchmarks.serving.contender import Contender, Rows

_START = 60.0
_END = 15.0
_LOG = 3.0
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Running:
    """A server that predicts.

    Args:
        url: Where predictions are asked for.
        pid: The process that was started; all others descend from it.
        log: The file with what it writes, its access log too.
    """

    url: str
    pid: int
    log: Path

    def logged(self) -> int:
        """Return the number of lines in the log."""
        with self.log.open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(2**20), b""))

    def logs_another(self, lines: int, since: int, patience: float = _LOG) -> bool:
        """Say whether the log grows by some lines, at once or soon after.

        Args:
            lines: How many there must be at least.
            since: What `logged` returned before.
            patience: Seconds that they may take to be written.
        """
        deadline = time.monotonic() + patience
        while (there := self.logged() - since) < lines and time.monotonic() < deadline:
            time.sleep(0.1)
        return there >= lines


@contextmanager
def running(contender: Contender, folder: Path, rows: Rows, expected: list[float]) -> Iterator[Running]:
    """Start a contender and wait until it predicts.

    Args:
        contender: What to start.
        folder: For its log.
        rows: What it is asked first.
        expected: A prediction for each of them.

    Raises:
        BenchmarkError: It ended, it did not answer in time, or it predicts something else.
    """
    port, log = free_port(), folder / f"{contender.title}.log"
    # Where no byte code may be kept, as on some machines for tests, a start would compile everything.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            contender.command(port),
            cwd=contender.folder,
            env={**environ, **contender.environ},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        answer = _first_answer(contender, process, port, rows, log)
        found = contender.predictions(answer)
        if not all(map(math.isclose, found, expected)) or len(found) != len(expected):
            raise BenchmarkError(f"{contender.title} predicts {found}, not {expected}")
        yield Running(f"http://127.0.0.1:{port}{contender.path}", process.pid, log)
    finally:
        _end(process)


def _first_answer(
    contender: Contender, process: "subprocess.Popen[bytes]", port: int, rows: Rows, log: Path
) -> object:
    body = json.dumps(contender.question(rows))
    began = time.monotonic()
    while process.poll() is None and time.monotonic() - began < _START:
        with suppress(OSError, http.client.HTTPException):
            answer = _posted(port, contender.path, body)
            if answer is not None:
                return answer
        time.sleep(0.05)
    raise BenchmarkError(f"{contender.title} does not answer:\n{log.read_text(errors='replace')[-2000:]}")


def _posted(port: int, path: str, body: str) -> object | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", path, body, _JSON)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    return json.loads(text) if answer.status == HTTPStatus.OK else None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a server to end, then end what is left of its session."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
