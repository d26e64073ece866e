"""Workers' processes, the first of them started before anything else of the front is imported.

A model takes its time to be loaded, so its worker begins at once, and the front gets ready meanwhile.
"""

import socket
import subprocess
from typing import List, NamedTuple


class Spawned(NamedTuple):
    """A worker's process that leads a group of its own, and the front's end of the line to it."""

    pid: int
    line: socket.socket


class Spawner:
    """Starts workers.

    Args:
        command: a worker's command line, without the number of its socket.
    """

    def __init__(self, command: List[str]) -> None:
        self._command = command
        self._early: List[Spawned] = []

    def spawn_early(self, count: int) -> None:
        """Start workers that `spawn` returns later.

        Raises:
            OSError: a process cannot be started.
        """
        for _ in range(count):
            self._early.append(self._start())

    def spawn(self) -> Spawned:
        """Return a worker that was started early and not yet returned, else a new one.

        Raises:
            OSError: the process cannot be started.
        """
        return self._early.pop() if self._early else self._start()

    def _start(self) -> Spawned:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [*self._command, "--fd", str(theirs.fileno())]
            try:
                process = subprocess.Popen(  # noqa: S603 - the command is ours, no shell reads it
                    command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True
                )
            except OSError:
                ours.close()
                raise
        # The front reaps all its children itself; without this the object would warn and wait, too.
        process.returncode = 0
        return Spawned(process.pid, ours)
