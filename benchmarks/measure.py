"""Processes measured by the kernel's own account: time, processor time, peak memory."""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class BenchmarkError(Exception):
    """A measured command failed."""


@dataclass(frozen=True)
class Usage:
    """What one process used, with the children it waited for.

    Args:
        seconds: From start to end.
        cpu_seconds: Processor time in user and kernel mode.
        peak_mib: The most memory that one of these processes held at a time, in MiB.
        stdout: What it printed.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float
    stdout: str


@dataclass(frozen=True)
class Spread:
    """Several measurements of one thing.

    Args:
        median: The middle one.
        lowest: The lowest.
        highest: The highest.
        rounds: How many.
    """

    median: float
    lowest: float
    highest: float
    rounds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of some measurements."""
        return cls(statistics.median(values), min(values), max(values), len(values))

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.lowest:.2f} to {self.highest:.2f})"


def measured(argv: Sequence[str | Path], environ: Mapping[str, str]) -> Usage:
    """Run a command to its end and return what it used.

    Raises:
        BenchmarkError: It failed; the message holds the end of what it said.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.perf_counter()
        # Where no byte code may be kept, as on some machines for tests, each start would compile everything.
        env = {name: value for name, value in environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            raise BenchmarkError(
                f"{argv[0]} ended with {process.returncode}:\n{(out.read() + err.read())[-2000:]}"
            )
        return Usage(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out.read())


def interleaved(subjects: Mapping[str, Callable[[], Usage]], rounds: int) -> dict[str, list[Usage]]:
    """Measure subjects in turns, so that a noisy minute is everybody's; the first round is thrown away."""
    found: dict[str, list[Usage]] = {name: [] for name in subjects}
    for number in range(rounds + 1):
        for name, measure in subjects.items():
            usage = measure()
            if number > 0:
                found[name].append(usage)
    return found
