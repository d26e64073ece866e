"""A container engine for as long as it is needed: one that runs already, else our own."""

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, final

from workbench.daemon import Daemon, answers
from workbench.errors import PartMissingError
from workbench.state import StateFolder, locked

__all__ = ["DockerEngine"]

_DEFAULT_HOST = "unix:///var/run/docker.sock"


@final
class DockerEngine:
    """Borrows the machine's engine (``DOCKER_HOST``, else the default socket), else starts one.

    Our own is shared by all runs that use one state folder: the first starts it, the last stops it.
    Each user holds a shared lock, which the kernel releases however the user ends. Images stay.

    Args:
        environ: Where ``DOCKER_HOST`` and ``ODAHU_PACK_WORKBENCH`` are looked up.
        launcher: A command that starts an engine of our own in its place, as in ``Daemon``.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ, launcher: tuple[str, ...] = ()) -> None:
        self.state = StateFolder.of(environ)
        self._environ = {name: value for name, value in environ.items() if name != "DOCKER_HOST"}
        self._named = environ.get("DOCKER_HOST", "")
        self._daemon = Daemon(self.state, self._environ, launcher)
        self._use: IO[str] | None = None
        self._host: str | None = None

    @property
    def host(self) -> str:
        """The engine's address, for ``DOCKER_HOST`` and docker-py's ``base_url``."""
        if self._host is None:
            raise RuntimeError("the engine is not entered yet")
        return self._host

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables with which ``docker`` commands talk to this engine."""
        return {**self._environ, "DOCKER_HOST": self.host}

    @property
    def daemon(self) -> Daemon:
        """The workbench's own daemon, running or not."""
        return self._daemon

    def __enter__(self) -> "DockerEngine":
        """Find or start the engine.

        Raises:
            PartMissingError: Nothing answers at DOCKER_HOST; or none runs and none can be started.
            WorkbenchError: It was started and does not come up.
        """
        self._host = self.borrowed()
        if self._host is None:
            self._join()
            self._host = self._daemon.host
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the engine if it is our own, nobody else uses it and nobody asked to keep it."""
        self._host = None
        if self._use is not None:
            self._use.close()
            self._use = None
            self.stop_if_idle()

    def borrowed(self) -> str | None:
        """Return the address of an engine that somebody else runs, if there is one.

        Raises:
            PartMissingError: ``DOCKER_HOST`` is set and nothing answers there.
        """
        if self._named and self._named != self._daemon.host:
            if not answers(self._named, self._environ):
                raise PartMissingError(
                    f"no engine answers at DOCKER_HOST={self._named}: start it or unset it"
                )
            return self._named
        return _DEFAULT_HOST if answers(_DEFAULT_HOST, self._environ) else None

    def keep(self) -> None:
        """Start our own engine and let it run until ``stop_if_idle(even_if_kept=True)``."""
        with locked(self._lock):
            self._daemon.start()
            self._kept.touch()

    def stop_if_idle(self, *, even_if_kept: bool = False) -> bool:
        """Stop our own engine unless a run uses it.

        Args:
            even_if_kept: Stop it although ``keep`` was called.

        Returns:
            Whether it is stopped now.
        """
        with locked(self._lock), self._users.open("a") as users:
            if even_if_kept:
                self._kept.unlink(missing_ok=True)
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            if self._kept.exists():
                return self._daemon.pid() is None
            self._daemon.stop()
            return True

    def _join(self) -> None:
        with locked(self._lock):
            if self._daemon.pid() is None:
                self._kept.unlink(missing_ok=True)  # left by an engine that a reboot ended
            use = self._users.open("a")
            try:
                fcntl.flock(use, fcntl.LOCK_SH)
                self._daemon.start()
            except BaseException:
                use.close()
                raise
            self._use = use

    @property
    def _lock(self) -> Path:
        return self.state.file("engine.lock")

    @property
    def _users(self) -> Path:
        return self.state.file("engine.users")

    @property
    def _kept(self) -> Path:
        return self.state.file("engine.kept")
