"""A worker process as the front sees it: a line to it, its state, and the predictions inside it."""

import asyncio
import enum
import logging
import socket
from typing import Any, Callable, Dict, List, Optional

from odahu_wire import ANSWER, FAILED, HEADER_SIZE, MORE, READY, Header, pack, unpack_header

from .children import Children, describe_exit
from .job import Job
from .spawning import Spawner

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
        children: tells when the process has ended.
        spawner: starts the process.
        on_answer: called with each answer and the job that it is for.
        on_change: called when the worker is ready or gone.

    Attributes:
        state: how far it is.
        jobs: the predictions inside it, by their numbers; those given up stay until they end.
        busy: how many of its threads predict.
        description: the Swagger document, once it is ready.
        metadata: the model's metadata in the Open Inference Protocol, once it is ready.
        batch_rows: rows of different requests that may go into one call of the model, once it is ready.
        failure: why the model could not be loaded, if the worker said so.
        replaced: whether another worker was started in its place already.
        ended: done when the process has ended and its line is closed.
    """

    def __init__(
        self,
        children: Children,
        spawner: Spawner,
        on_answer: Callable[[Job, Header, bytes], None],
        on_change: Callable[["Worker"], None],
    ) -> None:
        self._children = children
        self._spawner = spawner
        self._on_answer = on_answer
        self._on_change = on_change
        self._loop = asyncio.get_event_loop()
        self._line: Optional[_Line] = None
        self._pid = 0
        self._exited = False
        self._killed = False
        self.state = State.STARTING
        self.jobs: Dict[int, Job] = {}
        self.busy = 0
        self.description = b""
        self.metadata = b""
        self.batch_rows = 1
        self.failure = ""
        self.replaced = False
        self.ended: "asyncio.Future[None]" = self._loop.create_future()

    def start(self) -> None:
        """Start the process; a process that cannot be started is gone at once."""
        try:
            self._pid, line = self._spawner.spawn()
        except OSError as error:
            _LOG.error("cannot start a worker: %s", error)
            self._exited = True
            self._loop.call_soon(self._lose)
        else:
            self._children.adopt(self._pid, self._on_exit)
            self._loop.create_task(self._connect(line))

    def give(self, jobs: List[Job]) -> None:
        """Send requests for one thread to the worker, which must be ready and have a thread free."""
        assert self._line is not None  # noqa: S101 - READY came over the line, so the line stands
        self.busy += 1
        last = jobs[-1]
        frames = []
        for job in jobs:
            job.holder = self
            self.jobs[job.number] = job
            flags = 0 if job is last else MORE
            payload = job.payload
            frames.append(pack(payload.kind, payload.body, job.number, flags=flags, split=payload.split))
        self._line.transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    def retire(self) -> None:
        """Take no more work, leave the place to another, end as soon as nobody waits for an answer."""
        self.state = State.RETIRED
        self.replaced = True
        self._on_change(self)
        self.end_if_idle()

    def end_if_idle(self) -> None:
        """Kill the process if nobody waits for an answer of it."""
        if all(job.over for job in self.jobs.values()):
            self.end()

    def dismiss(self) -> None:
        """Have the process end by itself where it listens, else kill it."""
        if self.state is State.READY and self._line is not None:
            self._line.transport.write_eof()
        else:
            self.end()

    def end(self) -> None:
        """Kill the process and all that it started."""
        self._killed = True
        self._children.end(self._pid)

    async def _connect(self, line: socket.socket) -> None:
        _, self._line = await self._loop.create_unix_connection(
            lambda: _Line(self._receive, self._lose), None, sock=line
        )

    def _receive(self, header: Header, body: bytes) -> None:
        if header.kind == ANSWER:
            if not header.flags & MORE:
                self.busy -= 1
            self._on_answer(self.jobs.pop(header.number), header, body)
            if self.state is State.RETIRED:
                self.end_if_idle()
        elif header.kind == READY:
            self.state = State.READY
            self.description, self.metadata = body[: header.split], body[header.split :]
            self.batch_rows = header.rows
            self._on_change(self)
        elif header.kind == FAILED:
            self.failure = body.decode("utf-8", "replace")

    def _lose(self) -> None:
        self.state = State.GONE
        self._loop.call_later(_GRACE_SECONDS, self.end)
        self._on_change(self)
        self.jobs.clear()
        self._tell_ended()

    def _on_exit(self, status: int) -> None:
        if not self.replaced:
            _LOG.info(
                "worker process %d ended: %s", self._pid, describe_exit(status, ended_by_us=self._killed)
            )
        self._exited = True
        if self._line is not None:
            # The line closes with the process, unless a child that it started elsewhere holds it.
            self._loop.call_later(_GRACE_SECONDS, self._line.transport.close)
        self._tell_ended()

    def _tell_ended(self) -> None:
        if self._exited and self.state is State.GONE and not self.ended.done():
            self.ended.set_result(None)


class _Line(asyncio.Protocol):
    """The front's end of the line: cuts what arrives into frames."""

    def __init__(self, on_frame: Callable[[Header, bytes], None], on_close: Callable[[], None]) -> None:
        self._on_frame = on_frame
        self._on_close = on_close
        self._buffer = bytearray()
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, _error: Optional[Exception]) -> None:
        self._on_close()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        begin = 0
        while len(buffer) - begin >= HEADER_SIZE:
            header = unpack_header(buffer, begin)
            end = begin + HEADER_SIZE + header.size
            if end > len(buffer):
                break
            body = bytes(buffer[begin + HEADER_SIZE : end])
            begin = end
            self._on_frame(header, body)
        del buffer[:begin]
