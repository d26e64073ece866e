"""Stage: where the demo works, what it prints, and how it runs commands."""

# ruff: noqa: T201 - a command prints

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import WorkbenchError

__all__ = ["ROOT", "DemoError", "Done", "Stage"]

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""

_TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
_QUOTED_LINES = 15
_GRACE_SECONDS = 10.0
_TICK_SECONDS = 0.2
_TAIL_BYTES = 2000
_CLEARED = "\r\x1b[K"


class DemoError(WorkbenchError):
    """A step of the demo failed; the message is for the user."""


@dataclass
class Done:
    """Receives the outcome of a step."""

    began: float
    outcome: str = ""

    def __call__(self, outcome: str) -> None:
        """Note the outcome."""
        self.outcome = outcome


@dataclass
class Stage:
    """The demo's folder, its environment variables, and the number of the step.

    Args:
        folder: Where everything goes, caches too.
        environ: The environment variables of the commands.
    """

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    _steps: int = 0

    @classmethod
    def at(cls, folder: Path, environ: Mapping[str, str]) -> Stage:
        """Prepare a folder.

        Raises:
            DemoError: It cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "log").write_bytes(b"")
        except OSError as error:
            raise DemoError(
                f"cannot write {folder} ({error.strerror}): name another folder with --folder"
            ) from None
        # A home may be absent or read-only, and a first run should be cold whatever other caches hold.
        caches = {"XDG_CACHE_HOME": str(folder / "cache"), "PIP_CACHE_DIR": str(folder / "cache" / "pip")}
        # The certificates that this machine trusts: some tools would bring their own.
        certificates = {"SSL_CERT_FILE": str(_TRUSTED)} if _TRUSTED.is_file() else {}
        return cls(folder, {**certificates, "PATH": os.defpath, **environ, **caches})

    @property
    def log(self) -> Path:
        """The file with everything that commands said."""
        return self.folder / "log"

    @property
    def bin(self) -> Path:
        """The programs of the demo's own Python environment."""
        return self.folder / "venv" / "bin"

    @contextmanager
    def step(self, title: str) -> Iterator[Done]:
        """Print a step's title, then its outcome and how long it took."""
        self._steps += 1
        line = f"  {self._steps:2}  {title:<36}"
        done = Done(time.monotonic())
        print(line, end="", flush=True)
        with self._ticking(line, done.began):
            yield done
        print(f"{time.monotonic() - done.began:6.1f} s   {done.outcome}", flush=True)

    def say(self, *lines: str) -> None:
        """Print lines between the steps."""
        print("\n".join(f"      {line}".rstrip() for line in lines), flush=True)

    def run(self, *argv: str | Path, cwd: Path = ROOT) -> str:
        """Run a command, keep what it says in the log, and return its stdout.

        Raises:
            DemoError: It failed; the message quotes the end of the log.
        """
        with self.start(*argv, cwd=cwd, stdout=subprocess.PIPE) as process:
            output, _ = process.communicate()
        with self.log.open("a") as log:
            log.write(output)
        if process.returncode != 0:
            raise DemoError(
                f"{Path(argv[0]).name} failed with exit code {process.returncode}:\n{self.tail()}"
            )
        return output

    @contextmanager
    def start(
        self,
        *argv: str | Path,
        cwd: Path = ROOT,
        stdout: int | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Iterator[subprocess.Popen[str]]:
        """Run a command for as long as the block lasts; nothing that it started stays.

        Args:
            argv: The program and its arguments.
            cwd: Where it runs.
            stdout: Where its output goes; the log unless told otherwise.
            environ: Its environment variables, if they are not the stage's.

        Raises:
            DemoError: It cannot be started.
        """
        words = [str(word) for word in argv]
        with self.log.open("a") as log:
            log.write(f"\n$ {shlex.join(words)}\n")
            log.flush()
            try:
                process = subprocess.Popen(  # noqa: S603  # the demo's own commands
                    words,
                    cwd=cwd,
                    env=dict(self.environ if environ is None else environ),
                    stdin=subprocess.DEVNULL,
                    stdout=log if stdout is None else stdout,
                    stderr=log,
                    text=True,
                    # Ctrl-C reaches the demo, which ends the whole group in good order.
                    start_new_session=True,
                )
            except OSError as error:
                raise DemoError(f"cannot start {words[0]}: {error.strerror}") from None
        with process:
            try:
                yield process
            finally:
                _end_group(process)

    def tail(self) -> str:
        """Return the end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_QUOTED_LINES:])

    @contextmanager
    def _ticking(self, line: str, began: float) -> Iterator[None]:
        """Show on a terminal that something happens, and what."""
        if not sys.stdout.isatty():
            yield
            return
        ended = threading.Event()

        def tick() -> None:
            while not ended.wait(_TICK_SECONDS):
                room = shutil.get_terminal_size().columns - len(line) - 13
                said = _last_line(self.log)[: max(0, room)]
                print(f"{_CLEARED}{line}{time.monotonic() - began:6.1f} s   {said}", end="", flush=True)

        thread = threading.Thread(target=tick, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            print(f"{_CLEARED}{line}", end="", flush=True)


def _last_line(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    last = next((line for line in reversed(lines) if line.strip()), "")
    return "".join(character for character in last.strip() if character.isprintable())


def _end_group(process: subprocess.Popen[str]) -> None:
    """End a process that still runs, and all that it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
