"""Crew: threads that make and send layers, led by the one thread that may send events."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from odahu_pack_core.events import Event, EventSink

if TYPE_CHECKING:
    from typing_extensions import Self

_T = TypeVar("_T")
_R = TypeVar("_R")

_SENDERS: Final = 6
"""Uploads wait for the network more than for a processor."""
_PATIENCE: Final = 2.0
"""Seconds that threads have to end when work is broken off; one that hangs even then is left behind."""
_MORE_PATIENCE: Final = 0.2
"""Seconds that they have once more, when what they used is closed meanwhile."""


class _StoppedError(Exception):
    """Ends a piece of work because the whole is broken off; nobody is told."""


class Task(Generic[_T]):
    """A piece of work that a thread does.

    Args:
        work: What to do; it is given where it may send events to.
    """

    def __init__(self, work: Callable[[EventSink], _T]) -> None:
        self._work = work
        self._made: list[_T] = []
        self.error: BaseException | None = None
        self.reported = False

    def run(self, tell: EventSink) -> None:
        """Do it, on the thread that calls."""
        try:
            self._made.append(self._work(tell))
        except BaseException as error:  # noqa: BLE001  # raised again on the leading thread
            self.error = error

    @property
    def result(self) -> _T:
        """What came out; only for a task that `Crew.finished` gave back."""
        return self._made[0]


class Crew:
    """Threads that work until the block ends; a failure on any of them, or in the block, stops all.

    Args:
        emit: Receives what the threads tell, always on the thread that leads.
    """

    def __init__(self, emit: EventSink) -> None:
        self._emit = emit
        self._news: SimpleQueue[Event | Task[Any]] = SimpleQueue()
        self._stopping = threading.Event()
        self._makers = _Lane(len(os.sched_getaffinity(0)), self._run)
        self._senders = _Lane(_SENDERS, self._run)

    def make(self, work: Callable[[EventSink], _T]) -> Task[_T]:
        """Begin a piece of work that needs a processor."""
        return self._makers.take(Task(work))

    def send(self, work: Callable[[EventSink], _T]) -> Task[_T]:
        """Begin a piece of work that waits for a network or a disk."""
        return self._senders.take(Task(work))

    def finished(self, tasks: Iterable[Task[_T]]) -> Iterator[Task[_T]]:
        """Yield tasks as they finish, sending events meanwhile.

        Raises:
            BaseException: What any task of this crew raised, whether it is waited for here or not.
        """
        waiting = list(tasks)
        while waiting:
            yield from (task for task in waiting if task.reported)
            waiting = [task for task in waiting if not task.reported]
            if waiting:
                self._hear()

    def result(self, task: Task[_T]) -> _T:
        """Wait for one task."""
        return next(self.finished([task])).result

    def results(self, tasks: Iterable[Task[_T]]) -> list[_T]:
        """Wait for tasks and return their results in the order of the tasks."""
        waited = list(tasks)
        for _ in self.finished(waited):
            pass
        return [task.result for task in waited]

    def _hear(self) -> None:
        news = self._news.get()
        if isinstance(news, Event):
            self._emit(news)
            return
        news.reported = True
        if news.error is not None:
            raise news.error

    def _run(self, task: Task[Any]) -> None:
        if not self._stopping.is_set():
            task.run(self._tell)
            self._news.put(task)

    def _tell(self, event: Event) -> None:
        if self._stopping.is_set():
            raise _StoppedError
        self._news.put(event)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Let all threads end, in the middle of what they do where that cannot wait; may be called again."""
        deadline = time.monotonic() + (_MORE_PATIENCE if self._stopping.is_set() else _PATIENCE)
        self._stopping.set()
        for lane in (self._makers, self._senders):
            lane.dismiss()
        for lane in (self._makers, self._senders):
            lane.join(deadline)


class _Lane:
    """Threads that take work of one kind in its order.

    Args:
        most: How many threads there may be.
        run: Does a task.
    """

    def __init__(self, most: int, run: Callable[[Task[Any]], None]) -> None:
        self._most = most
        self._run = run
        self._tasks: SimpleQueue[Task[Any] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def take(self, task: Task[_R]) -> Task[_R]:
        self._tasks.put(task)
        if len(self._threads) < self._most:
            # A daemon: one that hangs in a connection must not keep the program from ending.
            thread = threading.Thread(target=self._work, name="odahu-pack-oci", daemon=True)
            self._threads.append(thread)
            thread.start()
        return task

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._run(task)

    def dismiss(self) -> None:
        for _ in self._threads:
            self._tasks.put(None)

    def join(self, deadline: float) -> None:
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
