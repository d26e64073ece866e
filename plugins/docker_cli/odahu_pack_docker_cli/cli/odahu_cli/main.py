"""The program: a command of the image, or a worker process of one, and what its exit code says."""

import argparse
import contextlib
import os
import signal
import sys
from typing import BinaryIO, List

from gppi_runtime import take_stdout

from .command_line import parse
from .console import Console
from .faults import CommandError, Interrupted, internal
from .interpreter import connect_to_nothing, leave_to_the_model, open_streams
from .signals import heed_signals
from .worker import WORKER, work


def main(argv: List[str]) -> int:
    """Run a command of the image.

    Args:
        argv: the arguments; without any the help is printed.

    Returns:
        The exit code: 0 done, 1 the model failed, 2 usage or input, 128 + n ended by signal n.
    """
    open_streams()
    if argv[:1] == [WORKER]:
        return work(argv[1:])
    try:
        heed_signals()
        options = parse(argv)
        return 0 if options is None else _run(options)
    except Interrupted as interrupt:
        return interrupt.exit_code


def _run(options: argparse.Namespace) -> int:
    leave_to_the_model()
    out = take_stdout()
    console = Console(sys.stderr, live=os.isatty(2), debug=options.debug)
    try:
        code: int = options.run(options, console, out)
        out.close()
    except BrokenPipeError:
        return _leave_unread(out)
    except CommandError as error:
        return _complain(console, error)
    except Exception as error:  # noqa: BLE001 - a traceback is for those who ask for it
        return _complain(console, internal(error))
    finally:
        with contextlib.suppress(OSError):  # told already; what is still in the buffer is not tried again
            out.close()
    return code


def _complain(console: Console, error: CommandError) -> int:
    console.complain(error.message, error.details)
    return error.exit_code


def _leave_unread(out: BinaryIO) -> int:
    """Leave as a program does that SIGPIPE ends, without a word about what could not be written."""
    connect_to_nothing(out.fileno())
    return 128 + signal.SIGPIPE
