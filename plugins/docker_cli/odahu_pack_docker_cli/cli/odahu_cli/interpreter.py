"""The interpreter around the model: streams that are open, children of the model, the end."""

import contextlib
import os
import sys
import threading
from typing import BinaryIO, Iterator, NoReturn

from .signals import hold_back_signals, ignore_signals

_BUFFER = 1 << 20
_LAST_MOMENTS = 5.0


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
    connect_to_nothing(0)
    return kept


def connect_to_nothing(descriptor: int) -> None:
    """Let reads from a descriptor find nothing, and writes to it go nowhere."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, descriptor)
    os.close(nothing)


def leave_to_the_model() -> None:
    """Leave the model an interpreter that looks as if it had started the model itself."""
    sys.dont_write_bytecode = True
    # All modules of ours are imported: from here on the model's names come first, and ours do not count.
    del sys.path[0]
    del sys.argv[1:]


@contextlib.contextmanager
def code_of_the_model() -> Iterator[None]:
    """Keep children that the model forks in the block from going on with what is ours behind it."""
    owner = os.getpid()
    try:
        yield
    except BaseException as error:
        if os.getpid() != owner:
            os._exit(_exit_code(error))
        raise
    if os.getpid() != owner:
        os._exit(0)


def _exit_code(error: BaseException) -> int:
    cause = error.__cause__ or error  # gppi_runtime wraps whatever ends a prediction
    code = cause.code if isinstance(cause, SystemExit) else 1
    return code if isinstance(code, int) else int(code is not None)


def leave(code: int) -> NoReturn:
    """End the program, also where threads of the model would go on for ever."""
    ignore_signals()
    hold_back_signals()
    with contextlib.suppress(AttributeError, ValueError):  # the model may have closed it, or taken it away
        try:
            sys.stderr.flush()
        except OSError:
            connect_to_nothing(2)
    end = threading.Timer(_LAST_MOMENTS, os._exit, (code,))
    end.daemon = True
    end.start()
    sys.exit(code)
