"""The workers together: who predicts what, who is ended, and who takes the place of the ended."""

import asyncio
import collections
import itertools
import logging
from typing import Callable, Deque, List, Optional

from .children import Children
from .job import Answer, Job
from .response import Refusal, unavailable
from .worker import State, Worker

_LOG = logging.getLogger(__name__)

_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0
# Requests that may wait for each one that a worker predicts at the time.
_WAITING_PER_SLOT = 16
_LEAST_WAITING = 64


class Pool:
    """Keeps a number of workers alive and gives requests to them, the oldest first.

    Args:
        children: starts the workers' processes.
        command: a worker's command line.
        workers: how many to keep.
        threads: predictions at the same time in each.
        on_failed_start: called with a reason when a worker ends before any was ready.
    """

    def __init__(
        self,
        children: Children,
        command: List[str],
        workers: int,
        threads: int,
        on_failed_start: Callable[[str], None],
    ) -> None:
        self._children = children
        self._command = command
        self._size = workers
        self._threads = threads
        self._on_failed_start = on_failed_start
        self._loop = asyncio.get_event_loop()
        self._numbers = itertools.count()
        self._workers: List[Worker] = []
        self._waiting: Deque[Job] = collections.deque()
        self._most_waiting = max(_LEAST_WAITING, _WAITING_PER_SLOT * workers * threads)
        self._failures = 0
        self._closing = False
        self.description: Optional[bytes] = None

    def start(self) -> None:
        """Start all workers; `ready` tells when the first can predict."""
        for _ in range(self._size):
            self._start_worker()

    @property
    def ready(self) -> bool:
        """Whether at least one worker can predict."""
        return any(worker.state is State.READY for worker in self._workers)

    async def predict(self, body: bytes, deadline: float) -> Answer:
        """Have a request answered by the next free worker.

        Args:
            body: the request as it came.
            deadline: when to give it up, by the clock of the event loop.

        Raises:
            Refusal: 503 when no worker is ready, too many requests wait, or the worker died; 504 at
                the deadline.
        """
        if not self.ready:
            raise unavailable("no_worker", "no worker can predict now")
        if len(self._waiting) >= self._most_waiting:
            raise unavailable("overloaded", "too many requests are waiting")
        job = Job(next(self._numbers), body, self._loop)
        job.alarm = self._loop.call_at(deadline, self._expire, job)
        self._waiting.append(job)
        self._dispatch()
        return await job.answer

    def end(self) -> None:
        """Kill all workers; the requests in them are answered with 503."""
        self._closing = True
        for worker in self._workers:
            worker.end()

    async def close(self, seconds: float) -> None:
        """End all workers, and wait until they have ended.

        Args:
            seconds: how long they may take to end by themselves.
        """
        self._closing = True
        ended = [worker.ended for worker in self._workers]
        for worker in self._workers:
            worker.dismiss()
        if ended:
            _, alive = await asyncio.wait(ended, timeout=seconds)
            self.end()
            if alive:
                await asyncio.wait(alive, timeout=seconds)

    def _start_worker(self) -> None:
        if not self._closing:
            worker = Worker(self._children, self._command, self._on_change)
            self._workers.append(worker)
            worker.start()

    def _on_change(self, worker: Worker) -> None:
        if worker.state is State.GONE:
            self._replace(worker)
        elif worker.state is State.RETIRED:
            worker.end_if_idle()
        else:
            self.description = worker.description
            self._failures = 0 if worker.answered else self._failures
        self._dispatch()

    def _replace(self, worker: Worker) -> None:
        self._workers.remove(worker)
        if self._closing or worker.replaced:
            return
        if self.description is None:
            self._on_failed_start(worker.failure or "the worker ended before init() returned")
            return
        # The first death costs no time; a worker that keeps dying must not keep the processor busy.
        delay = 0.0 if not self._failures else min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** (self._failures - 1))
        self._failures += 1
        _LOG.warning("starting a new worker in %.1f s", delay)
        self._loop.call_later(delay, self._start_worker)

    def _dispatch(self) -> None:
        while self._waiting:
            free = [
                worker
                for worker in self._workers
                if worker.state is State.READY and len(worker.jobs) < self._threads
            ]
            if not free:
                return
            min(free, key=lambda worker: len(worker.jobs)).give(self._waiting.popleft())

    def _expire(self, job: Job) -> None:
        holder = next((worker for worker in self._workers if job.number in worker.jobs), None)
        if holder is None:
            self._waiting.remove(job)
            job.fail(Refusal(504, "deadline_exceeded", "no worker was free in time"))
            return
        job.fail(Refusal(504, "deadline_exceeded", "the prediction took too long"))
        if holder.state is State.READY:
            _LOG.warning("a prediction missed its deadline: a new worker takes the place of its worker")
            holder.retire()
            self._start_worker()
        else:
            holder.end_if_idle()
