"""The workers together: who predicts what, who is ended, and who takes the place of the ended."""

import asyncio
import collections
import itertools
import logging
from typing import Callable, Dict, List, NamedTuple, Optional

from odahu_wire import Header

from .children import Children
from .deadlines import Deadlines
from .http.request import Exchange
from .http.response import Refusal, unavailable
from .job import Dialect, Job, Payload
from .spawning import Spawner
from .waiting import Waiting
from .worker import State, Worker

_LOG = logging.getLogger(__name__)

_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0
# Requests that may wait for each one that a worker predicts at the time.
_WAITING_PER_SLOT = 16
_LEAST_WAITING = 64


class Shape(NamedTuple):
    """How many predict how much.

    Args:
        workers: processes to keep alive.
        threads: calls of the model at the same time in each.
        batch_rows: rows in one call of the model that come from different requests; 1 keeps requests apart.
        timeout: seconds from a complete request to its answer.
    """

    workers: int
    threads: int
    batch_rows: int
    timeout: float


class Pool:
    """Keeps a number of workers alive and gives requests to them, the oldest first.

    Args:
        children: tells when the workers' processes have ended.
        spawner: starts them.
        shape: how many predict how much.
        on_failed_start: called with a reason when a worker ends before any was ready.
        on_call: called with the rows of each call of the model.

    Attributes:
        description: the Swagger document, once a worker has told it.
        metadata: the same for the Open Inference Protocol.
        restarts: workers started in the place of others.
    """

    def __init__(
        self,
        children: Children,
        spawner: Spawner,
        shape: Shape,
        on_failed_start: Callable[[str], None],
        on_call: Callable[[int], None],
    ) -> None:
        self._children = children
        self._spawner = spawner
        self._shape = shape
        self._on_failed_start = on_failed_start
        self._on_call = on_call
        self._loop = asyncio.get_event_loop()
        self._numbers = itertools.count()
        self._workers: List[Worker] = []
        self._ready: List[Worker] = []
        self._deadlines = Deadlines(self._loop, self._expire)
        at_once = shape.workers * shape.threads * shape.batch_rows
        self._waiting = Waiting(max(_LEAST_WAITING, _WAITING_PER_SLOT * at_once), self._deadlines.remove)
        self._batch_rows = 1
        self._dispatch_soon = False
        self._failures = 0
        self._closing = False
        self.description: Optional[bytes] = None
        self.metadata: Optional[bytes] = None
        self.restarts = 0

    def start(self) -> None:
        """Start all workers; `ready` tells when the first can predict."""
        for _ in range(self._shape.workers):
            self._start_worker()

    @property
    def ready(self) -> bool:
        """Whether at least one worker can predict."""
        return bool(self._ready)

    @property
    def waiting(self) -> int:
        """The number of requests that wait for a worker."""
        return len(self._waiting)

    @property
    def predicting(self) -> int:
        """The number of requests inside workers."""
        return sum(len(worker.jobs) for worker in self._workers)

    @property
    def states(self) -> Dict[str, int]:
        """The number of workers in each state."""
        return collections.Counter(worker.state.value for worker in self._workers)

    def submit(self, exchange: Exchange, dialect: Dialect, payload: Payload) -> None:
        """Have a request answered by the next free worker.

        Args:
            exchange: the request and where its answer goes: a worker's, 504 at the deadline, or 503 when
                the worker dies.
            dialect: how the answer is said.
            payload: what a worker is sent.

        Raises:
            Refusal: 503 when no worker is ready or too many requests wait.
        """
        if not self._ready:
            raise unavailable("no_worker", "no worker can predict now")
        self._waiting.check_room()
        deadline = self._loop.time() + self._shape.timeout
        job = Job(next(self._numbers), exchange, dialect, payload, deadline)
        self._deadlines.add(job)
        self._waiting.add(job)
        if self._batch_rows == 1:
            self._dispatch()
        elif not self._dispatch_soon:
            # Requests that arrive in the same turn of the event loop go together.
            self._dispatch_soon = True
            self._loop.call_soon(self._dispatch)

    def end(self) -> None:
        """Kill all workers; the requests in progress are answered with 503."""
        self._closing = True
        inside = [job for worker in self._workers for job in worker.jobs.values()]
        for job in (*inside, *self._waiting):
            self._deadlines.remove(job)
            job.give_up(unavailable("ending", "the server ends"))
        self._waiting.clear()
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
            worker = Worker(self._children, self._spawner, self._on_answer, self._on_change)
            self._workers.append(worker)
            worker.start()

    def _on_answer(self, job: Job, header: Header, body: bytes) -> None:
        self._failures = 0
        self._deadlines.remove(job)
        if header.rows:
            self._on_call(header.rows)
        if self._waiting:
            self._dispatch()
        job.finish(header, body)

    def _on_change(self, worker: Worker) -> None:
        self._ready = [worker for worker in self._workers if worker.state is State.READY]
        if worker.state is State.GONE:
            self._replace(worker)
        elif worker.state is State.READY:
            if self.description is None:
                _LOG.info("the model is loaded")
            self.description, self.metadata = worker.description, worker.metadata
            self._batch_rows = worker.batch_rows
        self._dispatch()

    def _replace(self, worker: Worker) -> None:
        self._workers.remove(worker)
        for job in worker.jobs.values():
            self._deadlines.remove(job)
            job.give_up(unavailable("worker_died", "the worker ended during the prediction"))
        if self._closing or worker.replaced:
            return
        if self.description is None:
            reason = worker.failure or "the worker ended before init() returned"
            worker.ended.add_done_callback(lambda _: self._on_failed_start(reason))
            return
        # The first death costs no time; a worker that keeps dying must not keep the processor busy.
        delay = 0.0 if not self._failures else min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** (self._failures - 1))
        self._failures += 1
        self.restarts += 1
        _LOG.warning("starting a new worker in %.1f s", delay)
        self._loop.call_later(delay, self._start_worker)

    def _dispatch(self) -> None:
        self._dispatch_soon = False
        while self._waiting and self._ready:
            worker = min(self._ready, key=_load)
            if worker.busy >= self._shape.threads:
                return
            # The rows that wait are enough for all workers: none takes more than its share of what is left.
            jobs = self._waiting.take(self._batch_rows, -(-len(self._waiting) // len(self._ready)))
            if jobs:
                worker.give(jobs)

    def _expire(self, job: Job) -> None:
        holder = job.holder
        if holder is None:
            job.give_up(Refusal(504, "deadline_exceeded", "no worker was free in time"))
            self._waiting.remove(job)
            return
        job.give_up(Refusal(504, "deadline_exceeded", "the prediction took too long"))
        if holder.state is State.READY:
            _LOG.warning("a prediction missed its deadline: a new worker takes the place of its worker")
            holder.retire()
            self.restarts += 1
            self._start_worker()
        else:
            holder.end_if_idle()


def _load(worker: Worker) -> int:
    return worker.busy
