"""Predictions on several threads, each request answered with an HTTP status and a JSON body."""

import contextlib
import os
import sys
import traceback
from typing import Dict, List, NamedTuple, Union

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
        self._channel.send(self._answers(frames))

    def _answers(self, frames: List[Frame]) -> bytes:
        try:
            replies = self._replies(frames)
        except BaseException:  # noqa: BLE001 - whatever happened, this thread must go on answering
            self._log_failure()
            replies = [self._breakdowns[frame.header.kind] for frame in frames]
        last = len(frames) - 1
        return b"".join(
            pack(
                ANSWER,
                reply.body,
                frame.header.number,
                flags=0 if index == last else MORE,
                status=reply.status,
                split=reply.split,
                rows=reply.rows,
            )
            for index, (frame, reply) in enumerate(zip(frames, replies))  # noqa: B905 - no strict before Python 3.10
        )

    def _replies(self, frames: List[Frame]) -> List["_Reply"]:
        questions = [self._read(frame) for frame in frames]
        requests = [question.request for question in questions if isinstance(question, Question)]
        outcomes = iter(predict_together(self._model, requests, self._batch_rows))
        return [
            self._reply(frame, question, next(outcomes)) if isinstance(question, Question) else question
            for frame, question in zip(frames, questions)  # noqa: B905 - no strict before Python 3.10
        ]

    def _read(self, frame: Frame) -> Union[Question, "_Reply"]:
        try:
            return self._dialects[frame.header.kind].read(frame)
        except DocumentError as error:
            return self._refusal(frame, error)

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
