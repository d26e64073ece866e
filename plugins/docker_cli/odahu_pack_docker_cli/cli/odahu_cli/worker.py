"""A worker process of ``--workers N``: it loads the model and answers pieces until it is told no more."""

import os
import pickle
import select
import socket
import threading
import time
from typing import List

from gppi_runtime import take_stdout

from .faults import CommandError
from .interpreter import leave_to_the_model
from .predictor import Predictor

# Stands as the first argument in the place of a command.
WORKER = "--worker"
ARRAYS, LISTS = "arrays", "lists"
PROTOCOL = 4
_LAST_MOMENTS = 1.0


def work(arguments: List[str]) -> int:
    """Answer over a socket: first with the model's shape, then with the outcome of each work.

    Args:
        arguments: the artifact's folder, the file of facts, ``arrays`` or ``lists``, and the descriptor of
            the socket.

    Returns:
        The exit code: 0 once nobody asks any more.
    """
    artifact, model_json, rows, descriptor = arguments
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=int(descriptor))
    channel.set_inheritable(False)
    take_stdout().close()
    threading.Thread(target=_end_with_the_command, args=(channel,), daemon=True).start()
    leave_to_the_model()
    try:
        _answer_all(channel, artifact, model_json, arrays=rows == ARRAYS)
    except (EOFError, OSError):  # the command is gone, or wants no more
        return 0
    return 0


def _answer_all(channel: socket.socket, artifact: str, model_json: str, *, arrays: bool) -> None:
    stream = channel.makefile("rwb")

    def say(something: object) -> None:
        pickle.dump(something, stream, PROTOCOL)
        stream.flush()

    try:
        predictor = Predictor(artifact, model_json, arrays=arrays)
    except CommandError as error:
        say(error)
        return
    say(predictor.shape)
    while True:
        say(predictor.outcome(pickle.load(stream)))  # noqa: S301  # the command wrote it


def _end_with_the_command(channel: socket.socket) -> None:
    """Give up a prediction that nobody waits for any more."""
    poll = select.poll()
    poll.register(channel, 0)  # hang-ups are told unasked
    poll.poll()
    time.sleep(_LAST_MOMENTS)
    os._exit(0)
