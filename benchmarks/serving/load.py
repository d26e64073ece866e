"""Load on a server: wrk posts one JSON body over and connections that stay open."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import BenchmarkError
from workbench.command import locate

_SCRIPT = Path(__file__).with_name("post.lua")
_PATIENCE = 10


@dataclass(frozen=True)
class Load:
    """What is asked, and by how many at a time.

    Args:
        rows: In each request.
        connections: Each sends its next request when it has its answer.
    """

    rows: int
    connections: int

    def __str__(self) -> str:
        return f"{_counted(self.rows, 'row')}, {_counted(self.connections, 'connection')}"


@dataclass(frozen=True)
class Outcome:
    """What a server made of a load.

    Args:
        requests: Answered ones.
        seconds: How long the load lasted.
        p50_ms: Half of the requests took no longer, in milliseconds.
        p99_ms: Of a hundred requests, 99 took no longer.
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds


def put_under(url: str, body: Path, load: Load, seconds: int) -> Outcome:
    """Put a server under load.

    Args:
        url: Where requests are posted.
        body: A file with the JSON of every request.
        load: How many connections post it.
        seconds: For how long; wrk takes whole ones.

    Raises:
        BenchmarkError: wrk failed, or a request was not answered with 2xx or 3xx.
    """
    connections = ("--threads", "1", "--connections", str(load.connections))
    command = [str(locate("wrk")), *connections, "--duration", f"{seconds}s", "--timeout", f"{_PATIENCE}s"]
    command += ["--script", str(_SCRIPT), url, "--", str(body)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise BenchmarkError(f"wrk ended with {ended.returncode}:\n{(ended.stdout + ended.stderr)[-2000:]}")
    told = json.loads(ended.stdout.splitlines()[-1])
    if told.pop("failed") or not told["requests"]:
        raise BenchmarkError(f"not every request was answered:\n{ended.stdout[-2000:]}")
    return Outcome(**told)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}"
