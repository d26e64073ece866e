"""Programs of the system as values: the only place where the product starts a process."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import IO, Final, Literal, Protocol

from odahu_pack_core.values import dataclass

from .errors import OdahuPackError

_CHUNK: Final = 64 * 1024
_POLL_SECONDS: Final = 0.1
_GRACE_SECONDS: Final = 3.0
_SHORTEST_SECRET: Final = 3
_LINE_END: Final = re.compile(rb"[\r\n]+")
_USERINFO: Final = re.compile(r"://[^/\s]+@")
_LONGEST_LINE: Final = 1024 * 1024
_HIDDEN: Final = "***"

Stream = Literal["stdout", "stderr"]
LineSink = Callable[[Stream, str], None]
"""Receives each line while the program runs, secrets redacted, on the thread that runs it."""


@dataclass(frozen=True)
class Command:
    """A program to run.

    Args:
        arguments: The program, a name on PATH or a path, and its arguments; never a secret.
        env: All of its environment variables.
        cwd: Its working directory; the caller's by default.
        stdin: What it reads; may be a secret.
        secrets: Texts that no line of output may show.
        timeout_seconds: When to end it; None for never.

    Raises:
        ValueError: A secret is among the arguments, where every user of the machine could read it.
    """

    arguments: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: Path | None = None
    stdin: bytes = field(default=b"", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    timeout_seconds: float | None = None

    def __post_init__(self) -> None:
        if any(secret in argument for secret in _worth_hiding(self.secrets) for argument in self.arguments):
            raise ValueError("a secret must not be an argument of a program")

    @property
    def program(self) -> str:
        """The program's name without its folder."""
        return Path(self.arguments[0]).name


@dataclass(frozen=True)
class Outcome:
    """How a program ended.

    Args:
        exit_code: Its exit code; the negative number of the signal that ended it.
        stdout: What it wrote to stdout, as it is: for parsing, never for showing.
        stderr: Its lines on stderr, secrets redacted.
    """

    exit_code: int
    stdout: str = field(repr=False)
    stderr: tuple[str, ...] = ()


class CommandError(OdahuPackError):
    """A program does not exist, cannot be started, or took too long."""


class Runner(Protocol):
    """Runs programs; passed in wherever one is needed."""

    def __call__(self, command: Command, on_line: LineSink | None = None) -> Outcome:
        """Run a program to its end.

        Args:
            command: What to run.
            on_line: Told each line while the program runs.

        Raises:
            CommandError: The program does not exist, cannot be started, or took too long.
        """
        ...


class SubprocessRunner:
    """The product's own `Runner`.

    A program leads a process group of its own. Whatever ends the call, an interrupt or an exception in
    ``on_line`` included, the whole group is ended with it.
    """

    def __call__(self, command: Command, on_line: LineSink | None = None) -> Outcome:
        """Run a program to its end.

        Args:
            command: What to run.
            on_line: Told each line while the program runs.

        Raises:
            CommandError: The program does not exist, cannot be started, or took too long.
        """
        reading = _Reading(command, on_line)
        with _started(command) as process:
            _exchange(process, command, reading)
            exit_code = process.wait()
        return reading.outcome(exit_code)


def redacted(line: str, secrets: tuple[str, ...] = ()) -> str:
    """Return a line without the given secrets and without user names and passwords of URLs."""
    for secret in sorted(_worth_hiding(secrets), key=len, reverse=True):
        line = line.replace(secret, _HIDDEN)
    return _USERINFO.sub(f"://{_HIDDEN}@", line)


def _worth_hiding(secrets: tuple[str, ...]) -> list[str]:
    """Leave out what is too short to be a secret, and would blot out ordinary text."""
    return [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]


class _Reading:
    """Collects what a program writes, and tells whole lines as they come."""

    def __init__(self, command: Command, on_line: LineSink | None) -> None:
        self._secrets = command.secrets
        self._on_line = on_line
        self._stdout: list[bytes] = []
        self._stderr: list[str] = []
        self._unfinished: dict[Stream, bytes] = {"stdout": b"", "stderr": b""}

    def add(self, stream: Stream, chunk: bytes) -> None:
        """Take what was read; no bytes means that the stream has ended."""
        if stream == "stdout":
            self._stdout.append(chunk)
        text = self._unfinished[stream] + chunk
        *lines, rest = _LINE_END.split(text) if chunk else [text, b""]
        self._unfinished[stream] = rest[:_LONGEST_LINE]  # what is longer is no line that anybody reads
        for line in lines:
            if line:
                self._tell(stream, redacted(line.decode(errors="replace"), self._secrets))

    def _tell(self, stream: Stream, line: str) -> None:
        if stream == "stderr":
            self._stderr.append(line)
        if self._on_line is not None:
            self._on_line(stream, line)

    def outcome(self, exit_code: int) -> Outcome:
        """Return everything that was read."""
        self.add("stderr", b"")
        self.add("stdout", b"")
        return Outcome(exit_code, b"".join(self._stdout).decode(errors="replace"), tuple(self._stderr))


@contextlib.contextmanager
def _started(command: Command) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program, and end its process group with the block."""
    try:
        process = subprocess.Popen(  # noqa: S603  # no shell; the program is the caller's own choice
            command.arguments,
            env=dict(command.env),
            cwd=command.cwd,
            stdin=subprocess.PIPE if command.stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        missing = isinstance(error, FileNotFoundError) and error.filename == command.arguments[0]
        reason = "it is not installed" if missing else str(error.strerror)
        raise CommandError(f"cannot run {command.program}: {reason}", code="cannot-run") from None
    with process:
        try:
            yield process
        except BaseException:
            _signal_group(process, signal.SIGTERM)
            _wait_for_end(process, _GRACE_SECONDS)
            raise
        finally:
            # The process is not reaped yet, so its group's number cannot belong to anybody else.
            _signal_group(process, signal.SIGKILL)
            process.wait()


def _exchange(process: subprocess.Popen[bytes], command: Command, reading: _Reading) -> None:
    """Feed the program and read from it until it has ended."""
    deadline = None if command.timeout_seconds is None else time.monotonic() + command.timeout_seconds
    unwritten = memoryview(command.stdin)
    with selectors.DefaultSelector() as selector:
        for pipe, name in ((process.stdout, "stdout"), (process.stderr, "stderr")):
            selector.register(_nonblocking(pipe), selectors.EVENT_READ, name)
        if process.stdin is not None:
            selector.register(_nonblocking(process.stdin), selectors.EVENT_WRITE, "stdin")
        while selector.get_map():
            ready = selector.select(_POLL_SECONDS)
            for key, _ in ready:
                if key.data == "stdin":
                    unwritten = _write(selector, process, unwritten)
                elif chunk := os.read(key.fd, _CHUNK):
                    reading.add(key.data, chunk)
                else:
                    selector.unregister(key.fileobj)
            if not ready and _has_ended(process):
                return  # a grandchild may hold the pipes open for ever; it is ended with the group
            _check_deadline(command, deadline)
    while not _has_ended(process):
        _check_deadline(command, deadline)
        time.sleep(_POLL_SECONDS / 10)


def _check_deadline(command: Command, deadline: float | None) -> None:
    if deadline is not None and time.monotonic() > deadline:
        raise CommandError(
            f"{command.program} took longer than {command.timeout_seconds:g} s", code="timeout"
        )


def _nonblocking(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101  # opened by _started
    os.set_blocking(pipe.fileno(), False)
    return pipe


def _write(
    selector: selectors.BaseSelector, process: subprocess.Popen[bytes], unwritten: memoryview
) -> memoryview:
    pipe = process.stdin
    assert pipe is not None  # noqa: S101  # it was selected
    try:
        written = os.write(pipe.fileno(), unwritten[:_CHUNK])
    except BrokenPipeError:
        written = len(unwritten)  # the program does not want the rest
    if written == len(unwritten):
        selector.unregister(pipe)
        pipe.close()
    return unwritten[written:]


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether the process has ended, leaving its exit code to be collected."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _wait_for_end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait until the process has ended, at most so long."""
    end = time.monotonic() + seconds
    while not _has_ended(process) and time.monotonic() < end:
        time.sleep(_POLL_SECONDS / 10)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
