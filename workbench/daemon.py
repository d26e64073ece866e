"""The workbench's own dockerd: start it, find it, stop it by its process id."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.command import locate, run
from workbench.errors import PartMissingError, WorkbenchError
from workbench.state import StateFolder

__all__ = ["Daemon", "answers"]

_BIRTH_SECONDS = 3.0  # from its first line in the log, a daemon writes its pid file within milliseconds
_START_SECONDS = 60.0
_STOP_SECONDS = 45.0
_POLL_SECONDS = 0.1
_QUOTED_LINES = 15
# A socket's path has at most 107 bytes (unix(7)); the deepest below the state folder is
# run/exec/containerd/containerd.sock.ttrpc.
_LONGEST_FOLDER = 60


def answers(host: str, environ: Mapping[str, str]) -> bool:
    """Say whether an engine answers at an address such as ``unix:///run/docker.sock``.

    Raises:
        PartMissingError: There is no ``docker`` command to ask it with.
    """
    if host.startswith("unix://") and not Path(host.removeprefix("unix://")).is_socket():
        return False
    try:
        run(
            ["docker", "--host", host, "version", "--format", "{{.Server.Version}}"],
            environ=environ,
            timeout=30,
        )
    except PartMissingError:
        raise
    except WorkbenchError:
        return False
    return True


@dataclass(frozen=True)
class Daemon:
    """A dockerd with a socket, a data root and a pid file of its own.

    Args:
        state: Where all of it is; the data root stays when the daemon stops.
        environ: The environment variables of the daemon and of the commands that ask it.
        launcher: A command that starts dockerd in its own place, such as ``unshare --net`` for an
            engine apart from the machine's network.
    """

    state: StateFolder
    environ: Mapping[str, str]
    launcher: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The daemon's address, for ``DOCKER_HOST``."""
        return f"unix://{self.state.file('run/docker.sock')}"

    @property
    def log(self) -> Path:
        """What the daemon wrote since its last start."""
        return self.state.file("dockerd.log")

    def pid(self) -> int | None:
        """Return the process id of the running daemon; a stale pid file counts as none."""
        return _living(self._pid_file, "dockerd")

    def start(self) -> None:
        """Start the daemon, unless it answers already.

        A daemon that runs but does not answer is stopped first; a stale pid file and a dead
        socket are removed.

        Raises:
            PartMissingError: It is not installed, this is not root, or the state folder is too deep.
            WorkbenchError: It does not come up; the message quotes the end of its log.
        """
        if self.pid() is not None and answers(self.host, self.environ):
            return
        if os.geteuid() != 0:
            raise PartMissingError("only root can start an engine: start one and set DOCKER_HOST")
        if len(os.fsencode(self.state.path)) > _LONGEST_FOLDER:
            raise PartMissingError(
                f"{self.state.path} is too long for an engine's sockets: name a folder of at most"
                f" {_LONGEST_FOLDER} bytes in ODAHU_PACK_WORKBENCH"
            )
        self.stop()
        self._spawn()
        self._await_answer()

    def stop(self) -> None:
        """Stop the daemon and its containers, if it runs, and remove socket, pid file and mounts.

        Raises:
            WorkbenchError: It is still alive after a kill.
        """
        for pid_file, program in ((self._pid_file, "dockerd"), (self._containerd_pid_file, "containerd")):
            pid = _living(pid_file, program)
            if pid is not None:
                _end(pid, program)
            pid_file.unlink(missing_ok=True)
        for folder in (self.state.path / "run", self.state.path / "engine"):
            for mount in _mounts_below(folder):  # a daemon that was killed leaves them
                run(["umount", "--lazy", mount], environ=self.environ)
        Path(self.host.removeprefix("unix://")).unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self.state.folder("run") / "dockerd.pid"

    @property
    def _containerd_pid_file(self) -> Path:
        return self.state.folder("run") / "exec" / "containerd" / "containerd.pid"

    def _spawn(self) -> None:
        # `setsid --fork` hands the daemon to init: it is nobody's child, so that any run can stop it.
        command = [locate("setsid"), "--fork", *self.launcher, locate("dockerd"), "--host", self.host]
        command += ["--data-root", str(self.state.folder("engine"))]
        command += ["--exec-root", str(self.state.folder("run") / "exec")]
        command += ["--pidfile", str(self._pid_file)]
        folders = f"{self.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
        with self.log.open("wb") as log:
            subprocess.run(  # noqa: S603 - the program and its arguments are the workbench's own
                command,
                env={**self.environ, "PATH": folders},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=True,
            )

    def _await_answer(self) -> None:
        born = time.monotonic()
        while not answers(self.host, self.environ):
            waited = time.monotonic() - born
            dead = self.pid() is None and self.log.stat().st_size > 0 and waited > _BIRTH_SECONDS
            if dead or waited > _START_SECONDS:
                end = self.log.read_text(errors="replace").splitlines()[-_QUOTED_LINES:]
                self.stop()
                raise WorkbenchError(f"dockerd did not come up; the end of {self.log}:\n" + "\n".join(end))
            time.sleep(_POLL_SECONDS)


def _living(pid_file: Path, program: str) -> int | None:
    """Return the id in a pid file if that process is alive and runs the program."""
    try:
        pid = int(pid_file.read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    # A zombie has no command line. The pid may be somebody else's by now, hence the name.
    return pid if Path(os.fsdecode(words[0])).name == program else None


def _mounts_below(folder: Path) -> list[Path]:
    """Return the mount points at or below a folder, the deepest first."""
    fields = (line.split(" ")[1] for line in Path("/proc/self/mounts").read_text().splitlines())
    # proc(5) escapes white space and backslashes as octal numbers.
    points = {Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), field)) for field in fields}
    return sorted((point for point in points if point.is_relative_to(folder)), reverse=True)


def _end(pid: int, program: str) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        until = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < until:
            if not _runs(pid):
                return
            time.sleep(_POLL_SECONDS)
    raise WorkbenchError(f"{program} (process {pid}) does not stop")


def _runs(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False
