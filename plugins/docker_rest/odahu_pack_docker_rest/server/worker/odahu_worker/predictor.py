"""Predictions on several threads, each request answered with an HTTP status and a JSON body."""

import contextlib
import os
import sys
import threading
from typing import List, NamedTuple, Optional, Union

from gppi_runtime import (
    DocumentError,
    GppiError,
    Model,
    ModelError,
    Outcome,
    Request,
    Signature,
    check_request,
    parse_request,
    predict_together,
    read_json,
    write_json,
)
from odahu_wire import ANSWER, MORE, pack

from .channel import Channel, Frame

# musl gives threads 128 KiB, too little for the nesting that Python allows in JSON and for numeric libraries.
_STACK_BYTES = 8 * 1024 * 1024


class Predictor:
    """Answers the frames of a channel.

    Each thread waits for frames itself and predicts what it has read: a request never changes threads.

    Args:
        model: the loaded model.
        signature: what it says about itself.
        channel: where requests come from and answers go.
        batch_rows: rows of different requests in one call of the model; 1 keeps requests apart.
    """

    def __init__(self, model: Model, signature: Signature, channel: Channel, batch_rows: int) -> None:
        self._model = model
        self._signature = signature
        self._channel = channel
        self._batch_rows = batch_rows

    def serve(self, threads: int) -> None:
        """Answer requests until the front closes the channel; ends the process then.

        Args:
            threads: predictions at the same time, the calling thread's among them.
        """
        threading.stack_size(_STACK_BYTES)
        for _ in range(threads - 1):
            threading.Thread(target=self._answer_requests, daemon=True).start()
        self._answer_requests()

    def _answer_requests(self) -> None:
        frames = self._channel.receive()
        while frames:
            self._channel.send(self._answers(frames))
            frames = self._channel.receive()
        # The model's threads and exit handlers could hold the process up, and nobody is left to end it.
        with contextlib.suppress(BaseException):
            sys.stderr.flush()
        os._exit(0)

    def _answers(self, frames: List[Frame]) -> bytes:
        try:
            replies = self._replies(frames)
        except BaseException:  # noqa: BLE001 - whatever happened, this thread must go on answering
            _log_failure()
            replies = [_Reply(500, _FAILURE)] * len(frames)
        last = len(frames) - 1
        return b"".join(
            pack(
                ANSWER,
                reply.body,
                frame.header.number,
                flags=0 if index == last else MORE,
                status=reply.status,
                rows=reply.rows,
            )
            for index, (frame, reply) in enumerate(zip(frames, replies))  # noqa: B905 - no strict before Python 3.10
        )

    def _replies(self, frames: List[Frame]) -> List["_Reply"]:
        requests = [self._read(frame) for frame in frames]
        readable = [request for request in requests if not isinstance(request, DocumentError)]
        outcomes = iter(predict_together(self._model, readable, self._batch_rows))
        return [
            _refusal(request) if isinstance(request, DocumentError) else self._reply(next(outcomes))
            for request in requests
        ]

    def _read(self, frame: Frame) -> Union[Request, DocumentError]:
        try:
            request = parse_request(read_json(frame.body), self._model.mode)
            check_request(request, self._signature)
        except DocumentError as error:
            return error
        return request

    def _reply(self, outcome: Outcome) -> "_Reply":
        error: Optional[GppiError] = outcome.error
        if error is None:
            try:
                return _Reply(200, write_json(outcome.document, self._model.serializer), outcome.rows)
            except GppiError as unwritable:
                error = unwritable
        if isinstance(error, ModelError):
            sys.stderr.write(error.details or error.message + "\n")
        return _refusal(error)._replace(rows=outcome.rows)


class _Reply(NamedTuple):
    status: int
    body: bytes
    rows: int = 0


def _refusal(error: GppiError) -> _Reply:
    status = 400 if isinstance(error, DocumentError) else 500
    return _Reply(status, _failure(error.message, error.code))


def _log_failure() -> None:
    """Log the exception at hand, as far as the model has left stderr whole."""
    with contextlib.suppress(BaseException):
        sys.__excepthook__(*sys.exc_info())


def _failure(message: str, code: str) -> bytes:
    return write_json({"message": message, "code": code})


# Written at once: when it is needed, little can be relied on.
_FAILURE = _failure("the server failed", "internal_error")
