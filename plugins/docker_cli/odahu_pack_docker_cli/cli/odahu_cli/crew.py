"""Several processes that predict at once, each with the model, and their answers in the order of the work."""

import os
import queue
import sys
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Callable, Deque, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

from .faults import CommandError, ModelFailedError, NotLoadedError, internal
from .predictor import Outcome, Shape, Step, Work, rows_at
from .worker import ARRAYS, LISTS, WORKER
from .worker_process import WorkerProcess

# How much work is read ahead of what is written, for each process: enough that none waits for another.
_AHEAD = 2
_PATIENCE = 5.0
_THREADS_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def share_processors(workers: int, environ: Mapping[str, str]) -> Dict[str, str]:
    """Share the processors among workers whose libraries would each take all of them.

    Args:
        workers: how many processes predict.
        environ: environment variables; a limit that is set there holds.

    Returns:
        The environment of each worker.
    """
    each = str(max(1, _processors() // workers))
    return {**dict.fromkeys(_THREADS_VARIABLES, each), **environ}


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):  # Linux: those that this container may use
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Crew:
    """Processes with the model.

    Args:
        count: how many.
        artifact: the folder of the unpacked artifact.
        model_json: the file of facts about the model.
        arrays: whether the model may be given arrays where it takes them as it takes lists.
        program: the folder or file that the interpreter is given to run this program.

    Raises:
        NotLoadedError: the model cannot be loaded.
    """

    def __init__(self, count: int, artifact: str, model_json: str, *, arrays: bool, program: str) -> None:
        rows = ARRAYS if arrays else LISTS
        self._command = [sys.executable, "-I", program, WORKER, artifact, model_json, rows]
        self._environ = share_processors(count, os.environ)
        self._lock = threading.Lock()
        self._closed = False
        self._processes: List[WorkerProcess] = []
        self._threads = ThreadPoolExecutor(count)
        try:
            self._members = [_Member(self._start) for _ in range(count)]
            self.shape = self._members[0].shape()
        except BaseException:
            self.close(at_once=True)
            raise
        self._idle: "queue.Queue[_Member]" = queue.Queue()
        for member in self._members:
            self._idle.put(member)

    def answers(self, steps: Iterable[Step]) -> Iterator[Tuple[Step, Outcome]]:
        """Answer steps, several at once, and hand each on in its turn with what came of it."""
        under_way: Deque[Tuple[Step, Future[Outcome]]] = deque()
        for step in steps:
            under_way.append((step, self._begin(step)))
            while under_way and (len(under_way) > _AHEAD * len(self._members) or under_way[0][1].done()):
                yield _waited_for(*under_way.popleft())
        while under_way:
            yield _waited_for(*under_way.popleft())

    def close(self, *, at_once: bool) -> None:
        """End the processes.

        Args:
            at_once: whatever they are doing; else each has some seconds to end by itself.
        """
        with self._lock:
            self._closed = True
        for process in self._processes:
            if at_once:
                process.kill()
            else:
                process.dismiss()
        end = time.monotonic() + _PATIENCE
        for process in self._processes:
            process.see_off(max(0, end - time.monotonic()))
        self._threads.shutdown()

    def _start(self) -> WorkerProcess:
        with self._lock:
            if self._closed:
                raise NotLoadedError("the command is ending")
            try:
                process = WorkerProcess(self._command, self._environ)
            except OSError as error:
                message = f"a worker process cannot be started: {error.strerror}"
                raise NotLoadedError(message) from error
            self._processes.append(process)
        return process

    def _begin(self, step: Step) -> "Future[Outcome]":
        if step.work is not None:
            return self._threads.submit(self._ask, step.work)
        known: "Future[Outcome]" = Future()
        known.set_result(step.error)
        return known

    def _ask(self, work: Work) -> Outcome:
        member = self._idle.get()
        try:
            return member.ask(work)
        except CommandError as error:
            return error
        except Exception as error:  # noqa: BLE001 - the other inputs are to have their results
            return internal(error, work.name)
        finally:
            self._idle.put(member)


class _Member:
    """A place in the crew: its process, or the next one after that has died."""

    def __init__(self, start: Callable[[], WorkerProcess]) -> None:
        self._start = start
        self._process: Optional[WorkerProcess] = start()
        self._shape: Optional[Shape] = None

    def shape(self) -> Shape:
        """Wait until the model is loaded."""
        self._loaded()
        assert self._shape is not None  # noqa: S101  # a loaded model has said it
        return self._shape

    def ask(self, work: Work) -> Outcome:
        """Have a piece answered."""
        process = self._loaded()
        try:
            answer: Outcome = process.ask(work)
        except EOFError:
            self._process = None
            place = rows_at(work.name, work.piece.first_row, work.piece.rows)
            raise ModelFailedError(f"{place}: the worker process {process.fate()}") from None
        return answer

    def _loaded(self) -> WorkerProcess:
        if self._process is None:
            self._process, self._shape = self._start(), None
        if self._shape is None:
            self._shape = _first_words(self._process)
        return self._process


def _first_words(process: WorkerProcess) -> Shape:
    try:
        said = process.receive()
    except EOFError:
        raise NotLoadedError(f"the worker process {process.fate()} while it loaded the model") from None
    if isinstance(said, CommandError):
        raise said
    assert isinstance(said, Shape)  # noqa: S101  # what a worker begins with
    return said


def _waited_for(step: Step, outcome: "Future[Outcome]") -> Tuple[Step, Outcome]:
    return step, outcome.result()
