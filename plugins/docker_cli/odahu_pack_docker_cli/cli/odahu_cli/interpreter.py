"""The interpreter made ready: streams that are open, signals that end a run, a clear way for the model."""

import os
import signal
import sys
from typing import Any, BinaryIO

from .faults import Interrupted

_BUFFER = 1 << 20
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def open_streams() -> None:
    """Open the standard streams that whoever started us has closed, so that no file takes their numbers."""
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
            os.set_inheritable(descriptor, True)  # noqa: FBT003 - it takes no keyword
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, mode, closefd=False))


def take_stdin() -> BinaryIO:
    """Claim standard input for the caller; the model finds nothing in it."""
    kept = os.fdopen(os.dup(0), "rb", _BUFFER)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return kept


def heed_signals() -> None:
    """Have signals raise `Interrupted`; process 1 of a container gets none that it does not handle."""
    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as after nohup
            signal.signal(number, _interrupt)


def leave_to_the_model() -> None:
    """Leave the model an interpreter that looks as if it had started the model itself."""
    sys.dont_write_bytecode = True
    # All modules of ours are imported: from here on the model's names come first, and ours do not count.
    del sys.path[0]
    del sys.argv[1:]


def _interrupt(number: int, _frame: Any) -> None:
    raise Interrupted(number)
