"""Child processes of process 1: started in groups of their own, reaped all, ended with all they started."""

import asyncio
import os
import signal
import subprocess
from typing import Callable, Dict, List

OnExit = Callable[[int], None]


class Children:
    """Starts processes and tells when they end.

    In a container this process also inherits the orphans of its children, so every ended child is reaped,
    known or not.

    Args:
        loop: the event loop to hear of ended children in.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._known: Dict[int, OnExit] = {}
        # uvloop keeps this signal from its own handlers.
        self._before = signal.signal(signal.SIGCHLD, lambda *_: loop.call_soon_threadsafe(self._reap))

    def start(self, command: List[str], descriptor: int, on_exit: OnExit) -> int:
        """Start a process that leads a group of its own.

        Args:
            command: the program and its arguments.
            descriptor: an open file that the process inherits under the same number.
            on_exit: called with the wait status when the process has ended.

        Returns:
            The process id.

        Raises:
            OSError: the process cannot be started.
        """
        process = subprocess.Popen(  # noqa: S603 - the command is ours, no shell reads it
            command, stdin=subprocess.DEVNULL, pass_fds=[descriptor], start_new_session=True
        )
        # Not the object but _reap waits for the process; without this the object would warn and wait, too.
        process.returncode = 0
        self._known[process.pid] = on_exit
        return process.pid

    def end(self, pid: int) -> None:
        """Kill a process and its whole group, if it is still there."""
        if pid in self._known:
            _kill_group(pid)

    def close(self) -> None:
        """Stop listening for ended children."""
        signal.signal(signal.SIGCHLD, self._before)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            on_exit = self._known.pop(pid, None)
            if on_exit is not None:
                _kill_group(pid)  # what the process has left behind
                on_exit(status)


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def describe_exit(status: int) -> str:
    """Say how a process ended, from its wait status."""
    if not os.WIFSIGNALED(status):
        return f"exit status {os.WEXITSTATUS(status)}"
    number = os.WTERMSIG(status)
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    return name + (" (out of memory?)" if number == signal.SIGKILL else "")
