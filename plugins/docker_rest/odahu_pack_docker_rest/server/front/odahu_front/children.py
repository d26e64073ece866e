"""Child processes of process 1: all of them reaped, those of ours ended with all they started."""

import asyncio
import os
import signal
from typing import Any, Callable, Dict

OnExit = Callable[[int], None]


class Children:
    """Tells when processes end.

    In a container this process also inherits the orphans of its children, so every ended child is reaped,
    known or not.

    Args:
        loop: the event loop to hear of ended children in.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._known: Dict[int, OnExit] = {}
        self._before: Any = signal.SIG_DFL

    def listen(self) -> None:
        """Begin to listen for ended children.

        Children that run already are adopted in the same turn of the loop: one that ends in between would
        be reaped before it is known, and nobody would ever be told of its end.
        """
        # uvloop keeps this signal from its own handlers.
        self._before = signal.signal(signal.SIGCHLD, lambda *_: self._loop.call_soon_threadsafe(self._reap))

    def adopt(self, pid: int, on_exit: OnExit) -> None:
        """Watch a child that leads a group of its own.

        Args:
            pid: its process id; it may have ended already, but was not waited for.
            on_exit: called with the wait status when the process has ended.
        """
        self._known[pid] = on_exit
        self._loop.call_soon(self._reap)

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


def describe_exit(status: int, *, ended_by_us: bool = False) -> str:
    """Say how a process ended, from its wait status.

    Args:
        status: the wait status.
        ended_by_us: whether this process has killed it, so that nobody looks for another reason.
    """
    if not os.WIFSIGNALED(status):
        return f"exit status {os.WEXITSTATUS(status)}"
    number = os.WTERMSIG(status)
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    if number != signal.SIGKILL:
        return name
    return f"{name} (by the front)" if ended_by_us else f"{name} (out of memory?)"
