"""A worker process as the front sees it: a line to it, its state, and the predictions inside it."""

import asyncio
import enum
import logging
import socket
from typing import Callable, Dict, List, Optional

from odahu_wire import ANSWER, FAILED, HEADER_SIZE, PREDICT, READY, Header, pack, unpack_header

from .children import Children, describe_exit
from .job import Answer, Job
from .response import unavailable

_LOG = logging.getLogger(__name__)

# A process that closed its line ends by itself; one whose line outlives it has left a child that holds it.
_GRACE_SECONDS = 1.0


class State(enum.Enum):
    """How far a worker is; it never goes back."""

    STARTING = "starting"
    READY = "ready"
    RETIRED = "retired"  # takes no more work, may finish what it has
    GONE = "gone"


class Worker:
    """One worker process, from its start to its end.

    Args:
        children: starts the process and tells when it has ended.
        command: the worker's command line, without the number of its socket.
        on_change: called when the worker is ready, has answered, or is gone.

    Attributes:
        state: how far it is.
        jobs: the predictions inside it, by their numbers; those given up stay until they end.
        description: the Swagger document, once it is ready.
        failure: why the model could not be loaded, if the worker said so.
        answered: whether it has answered a request.
        replaced: whether another worker was started in its place already.
        ended: done when the process has ended and its line is closed.
    """

    def __init__(self, children: Children, command: List[str], on_change: Callable[["Worker"], None]) -> None:
        self._children = children
        self._command = command
        self._on_change = on_change
        self._loop = asyncio.get_event_loop()
        self._writer: Optional[asyncio.StreamWriter] = None
        self._pid = 0
        self._exited = False
        self.state = State.STARTING
        self.jobs: Dict[int, Job] = {}
        self.description = b""
        self.failure = ""
        self.answered = False
        self.replaced = False
        self.ended: "asyncio.Future[None]" = self._loop.create_future()

    def start(self) -> None:
        """Start the process; a process that cannot be started is gone at once."""
        ours, theirs = socket.socketpair()
        try:
            command = [*self._command, "--fd", str(theirs.fileno())]
            self._pid = self._children.start(command, theirs.fileno(), self._on_exit)
        except OSError as error:
            _LOG.error("cannot start a worker: %s", error)
            ours.close()
            self._exited = True
            self._loop.call_soon(self._lose)
        else:
            self._loop.create_task(self._listen(ours))
        finally:
            theirs.close()

    def give(self, job: Job) -> None:
        """Send a request to the worker, which must be ready."""
        assert self._writer is not None  # noqa: S101 - READY came over the line, so the line stands
        self.jobs[job.number] = job
        self._writer.write(pack(PREDICT, job.body, job.number))

    def retire(self) -> None:
        """Take no more work, leave the place to another, end as soon as nobody waits for an answer."""
        self.state = State.RETIRED
        self.replaced = True
        self.end_if_idle()

    def end_if_idle(self) -> None:
        """Kill the process if nobody waits for an answer of it."""
        if all(job.answer.done() for job in self.jobs.values()):
            self.end()

    def dismiss(self) -> None:
        """Have the process end by itself where it listens, else kill it."""
        if self.state is State.READY and self._writer is not None:
            self._writer.write_eof()
        else:
            self.end()

    def end(self) -> None:
        """Kill the process and all that it started."""
        self._children.end(self._pid)

    async def _listen(self, line: socket.socket) -> None:
        reader, self._writer = await asyncio.open_unix_connection(sock=line)
        try:
            while True:
                header = unpack_header(await reader.readexactly(HEADER_SIZE))
                self._receive(header, await reader.readexactly(header.size))
        except (asyncio.IncompleteReadError, OSError):
            pass  # The line is closed: the process has ended, or is about to.
        finally:
            self._writer.close()
            self._lose()

    def _receive(self, header: Header, body: bytes) -> None:
        if header.kind == FAILED:
            self.failure = body.decode("utf-8", "replace")
            return
        if header.kind == READY:
            self.state = State.READY
            self.description = body
        elif header.kind == ANSWER:
            self.answered = True
            self.jobs.pop(header.number).finish(Answer(header.status, body))
        self._on_change(self)

    def _lose(self) -> None:
        self.state = State.GONE
        self._loop.call_later(_GRACE_SECONDS, self.end)
        for job in self.jobs.values():
            job.fail(unavailable("worker_died", "the worker ended during the prediction"))
        self.jobs.clear()
        self._on_change(self)
        self._tell_ended()

    def _on_exit(self, status: int) -> None:
        if not self.replaced:
            _LOG.info("worker process %d ended: %s", self._pid, describe_exit(status))
        self._exited = True
        if self._writer is not None:
            # The line closes with the process, unless a child that it started elsewhere holds it.
            self._loop.call_later(_GRACE_SECONDS, self._writer.close)
        self._tell_ended()

    def _tell_ended(self) -> None:
        if self._exited and self.state is State.GONE and not self.ended.done():
            self.ended.set_result(None)
