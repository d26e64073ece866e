"""Predictions on several threads, each request answered with an HTTP status and a JSON body."""

import contextlib
import queue
import sys
import threading
from typing import Tuple

from gppi_runtime import DocumentError, Model, ModelError, Signature, predict_json, write_json
from odahu_wire import ANSWER

from .channel import Channel, Frame

# musl gives threads 128 KiB, too little for the nesting that Python allows in JSON and for numeric libraries.
_STACK_BYTES = 8 * 1024 * 1024


class Predictor:
    """Answers the frames of a channel.

    Args:
        model: the loaded model.
        signature: what it says about itself.
        channel: where requests come from and answers go.
        threads: predictions at the same time.
    """

    def __init__(self, model: Model, signature: Signature, channel: Channel, threads: int) -> None:
        self._model = model
        self._signature = signature
        self._channel = channel
        self._threads = threads
        self._requests: "queue.Queue[Frame]" = queue.Queue()

    def serve(self) -> None:
        """Answer requests until the front closes the channel."""
        threading.stack_size(_STACK_BYTES)
        for _ in range(self._threads):
            threading.Thread(target=self._answer_requests, daemon=True).start()
        frame = self._channel.receive()
        while frame is not None:
            self._requests.put(frame)
            frame = self._channel.receive()

    def _answer_requests(self) -> None:
        while True:
            frame = self._requests.get()
            try:
                status, body = self._answer(frame.body)
            except BaseException:  # noqa: BLE001 - whatever happened, this thread must go on answering
                _log_failure()
                status, body = 500, _FAILURE
            self._channel.send(ANSWER, body, frame.header.number, status)

    def _answer(self, body: bytes) -> Tuple[int, bytes]:
        try:
            return 200, predict_json(self._model, self._signature, body)
        except DocumentError as error:
            return 400, _failure(error.message, error.code)
        except ModelError as error:
            sys.stderr.write(error.details or error.message + "\n")
            return 500, _failure(error.message, error.code)


def _log_failure() -> None:
    """Log the exception at hand, as far as the model has left stderr whole."""
    with contextlib.suppress(BaseException):
        sys.__excepthook__(*sys.exc_info())


def _failure(message: str, code: str) -> bytes:
    return write_json({"message": message, "code": code})


# Written at once: when it is needed, little can be relied on.
_FAILURE = _failure("the server failed", "internal_error")
