"""Predictions on several threads, each request answered with an HTTP status and a JSON body."""

import contextlib
import os
import sys
import traceback
from typing import Dict, Iterator, List, NamedTuple, Tuple

from gppi_runtime import DocumentError, GppiError, Model, ModelError, Outcome, predict_together
from gppi_runtime.tensors import TOO_LARGE
from odahu_wire import ANSWER, MORE, pack

from .channel import Channel, Frame
from .crew import Crew
from .dialects import Dialect, Question
from .fault_log import FaultLog


class Predictor:
    """Answers the frames of a channel.

    A thread that has read frames predicts on them itself: a request never changes threads.

    Args:
        model: the loaded model.
        dialects: reads and answers each kind of frame.
        channel: where requests come from and answers go.
        batch_rows: rows of different requests in one call of the model; 1 keeps requests apart.
    """

    def __init__(self, model: Model, dialects: Dict[int, Dialect], channel: Channel, batch_rows: int) -> None:
        self._model = model
        self._dialects = dialects
        # Written at once: when they are needed, little can be relied on.
        self._breakdowns = {
            kind: _Reply(500, dialect.refuse("the server failed", "internal_error"))
            for kind, dialect in dialects.items()
        }
        self._channel = channel
        self._batch_rows = batch_rows
        self._log = FaultLog()

    def serve(self, threads: int) -> None:
        """Answer requests until the front closes the channel; ends the process then.

        Args:
            threads: predictions at the same time, the calling thread's among them.
        """
        Crew(threads, self._receive, self._answer).run()

    def _receive(self) -> List[Frame]:
        frames = self._channel.receive()
        if not frames:
            # The model's threads and exit handlers could hold the process up, and nobody is left to end it.
            with contextlib.suppress(BaseException):
                sys.stderr.flush()
            os._exit(0)
        return frames

    def _answer(self, frames: List[Frame]) -> None:
        left = dict(enumerate(frames))
        try:
            for replies in self._replies(frames):
                self._send(left, replies)
        except BaseException:  # noqa: BLE001 - whatever happened, this thread must go on answering
            self._log_failure()
            self._send(left, [(index, self._breakdowns[left[index].header.kind]) for index in left])

    def _send(self, left: Dict[int, Frame], replies: List[Tuple[int, "_Reply"]]) -> None:
        """Send answers, and strike them off what is left; the last of all is the one without `MORE`."""
        packed = []
        for count, (index, reply) in enumerate(replies, 1):
            packed.append(
                pack(
                    ANSWER,
                    reply.body,
                    left[index].header.number,
                    flags=MORE if count < len(left) else 0,
                    status=reply.status,
                    split=reply.split,
                    rows=reply.rows,
                )
            )
        self._channel.send(b"".join(packed))
        for index, _ in replies:
            del left[index]

    def _replies(self, frames: List[Frame]) -> Iterator[List[Tuple[int, "_Reply"]]]:
        """Yield answers as soon as they are known, by the places of their frames."""
        asked: List[Tuple[int, Question]] = []
        refused: List[Tuple[int, _Reply]] = []
        for index, frame in enumerate(frames):
            try:
                asked.append((index, self._dialects[frame.header.kind].read(frame)))
            except DocumentError as error:
                refused.append((index, self._refusal(frame, error)))
        if refused:
            yield refused
        requests = [question.request for _, question in asked]
        for outcomes in predict_together(self._model, requests, self._batch_rows):
            yield [
                (asked[place][0], self._reply(frames[asked[place][0]], asked[place][1], outcome))
                for place, outcome in outcomes
            ]

    def _reply(self, frame: Frame, question: Question, outcome: Outcome) -> "_Reply":
        error = outcome.error
        if error is None:
            try:
                body, split = question.write(outcome.document)
            except GppiError as unwritable:
                error = unwritable
            else:
                return _Reply(200, body, split, outcome.rows)
        if isinstance(error, ModelError):
            self._log.write(error.details or error.message + "\n")
        return self._refusal(frame, error)._replace(rows=outcome.rows)

    def _refusal(self, frame: Frame, error: GppiError) -> "_Reply":
        status = 500
        if isinstance(error, DocumentError):
            status = 413 if error.code == TOO_LARGE else 400
        return _Reply(status, self._dialects[frame.header.kind].refuse(error.message, error.code))

    def _log_failure(self) -> None:
        """Log the exception at hand, as far as it can be told."""
        with contextlib.suppress(BaseException):
            self._log.write(traceback.format_exc())


class _Reply(NamedTuple):
    status: int
    body: bytes
    split: int = 0
    rows: int = 0
