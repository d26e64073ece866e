"""Threads that take turns: one waits for work and does it itself, another takes its place if that takes long.

Handing each request to another thread, or only waking one for the next, costs as much as a prediction of
0.1 ms: threads of one interpreter stand in each other's way. So one thread does all as long as work is short.
"""

import threading
import time
from typing import Callable, Generic, TypeVar

Task = TypeVar("Task")

# musl gives threads 128 KiB, too little for the nesting that Python allows in JSON and for numeric libraries.
_STACK_BYTES = 8 * 1024 * 1024
# Work of this many seconds is worth a second thread from its beginning on.
_LONG = 0.001
# How often the watch looks whether work that was expected to be short has become long.
_GLANCE = 0.002
_GLANCES_AT_NOTHING = 50


class Crew(Generic[Task]):
    """Does tasks, several at the same time if they take long.

    Args:
        size: tasks at the same time.
        take: waits for a task; called by several threads at the same time.
        do: does it; never raises.
    """

    def __init__(self, size: int, take: Callable[[], Task], do: Callable[[Task], None]) -> None:
        self._size = size
        self._take = take
        self._do = do
        self._lock = threading.Lock()
        self._calls = threading.Semaphore(0)
        self._resting = size - 1
        self._turn = 0  # grows when another thread takes the lead
        self._begun = 0.0  # when the leader began its task; 0 while it waits for one
        self._expected = 0.0  # seconds that the last task took
        self._watching = False
        self._watch_wanted = threading.Event()

    def run(self) -> None:
        """Work for ever, with the calling thread as one of the crew."""
        threading.stack_size(_STACK_BYTES)
        for _ in range(self._size - 1):
            threading.Thread(target=self._rest, daemon=True).start()
        if self._size > 1:
            threading.Thread(target=self._watch, daemon=True).start()
        self._lead()
        self._rest()

    def _rest(self) -> None:
        while True:
            self._calls.acquire()
            self._lead()

    def _lead(self) -> None:
        turn = self._turn
        while True:
            task = self._take()
            begun = self._begun = time.monotonic()
            if self._expected > _LONG:
                self._call_another()
            elif not self._watching:
                self._watching = True
                self._watch_wanted.set()
            self._do(task)
            self._expected = time.monotonic() - begun
            if turn == self._turn:
                self._begun = 0.0
            elif self._may_lead_again():
                turn = self._turn
            else:
                return

    def _call_another(self) -> None:
        """Have a resting thread take the lead, if there is one."""
        with self._lock:
            if self._resting:
                self._resting -= 1
                self._turn += 1
                self._begun = 0.0
                self._calls.release()

    def _may_lead_again(self) -> bool:
        """Take the lead from a thread that is at work, else go to rest."""
        with self._lock:
            if self._begun:
                self._turn += 1
                self._begun = 0.0
                return True
            self._resting += 1
            return False

    def _watch(self) -> None:
        while True:
            self._watch_wanted.wait()
            self._watch_wanted.clear()
            self._watch_until_quiet()
            self._watching = False
            if self._begun:  # it began just when the watch ended
                self._watching = True
                self._watch_wanted.set()

    def _watch_until_quiet(self) -> None:
        quiet = 0
        while quiet < _GLANCES_AT_NOTHING:
            begun = self._begun
            time.sleep(_GLANCE)
            if not begun:
                quiet += 1
                continue
            quiet = 0
            if self._begun == begun:
                self._call_another()
