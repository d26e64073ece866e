"""Does with each row what its first cell says, and answers it: ``[["double", 4], ["sleep", 1]]``."""

import os
import time

_LEAK = []


def init():
    return "matrix"


def predict_on_matrix(input_matrix, provided_columns_names=None):
    return [[_COMMANDS[command](argument), os.getpid()] for command, argument in input_matrix], [
        "outcome",
        "pid",
    ]


def _raise(argument):
    raise ValueError(f"no such vintage: {argument}")


_COMMANDS = {
    "double": lambda argument: argument * 2,
    "sleep": lambda milliseconds: time.sleep(milliseconds / 1000),
    "raise": _raise,
    "exit": os._exit,
    "leak": lambda kibibytes: len(_LEAK.append(bytes(kibibytes * 1024)) or _LEAK),
}
