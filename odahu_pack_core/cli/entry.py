"""Where the command starts, and the one place that turns an outcome into words and an exit code."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import click

from .console import BROKEN_PIPE, reader_has_gone, to_stderr, to_stdout
from .failure import error_text, failure_of
from .root import NAMES, command_tree
from .session import Session

_TERMINATIONS = (signal.SIGTERM, signal.SIGHUP)
_OBJECTS_BETWEEN_COLLECTIONS: Final = 250_000
"""A few times what all imports make, none of which is garbage, and far less than would be felt in memory."""


def main() -> None:
    """Run the command of this process and end the process with its exit code."""
    name = Path(sys.argv[0]).name
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        code = run(sys.argv[1:], os.environ, name=name if name in NAMES else NAMES[0])
    finally:
        # The interpreter, on its way out, would look through everything that was imported for cycles.
        gc.freeze()
    sys.exit(code)


def run(arguments: Sequence[str], environ: Mapping[str, str], *, name: str = NAMES[0]) -> int:
    """Run one command line and return its exit code.

    Args:
        arguments: The words after the program's name.
        environ: Environment variables of the run.
        name: The program's name.
    """
    session = Session(environ)
    try:
        with _interrupted_by(*_TERMINATIONS):
            return _invoke(arguments, session, name)
    except BrokenPipeError as error:
        if reader_has_gone():
            return BROKEN_PIPE
        return _report(error, session, arguments)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # the outermost frame tells every failure
        return _report(error, session, arguments)


def _invoke(arguments: Sequence[str], session: Session, name: str) -> int:
    root = command_tree()
    completion = f"_{name}_COMPLETE".replace("-", "_").upper()
    if instruction := session.environ.get(completion):
        from click.shell_completion import shell_complete  # noqa: PLC0415  # only shells ask for it

        return shell_complete(root, {}, name, completion, instruction)
    try:
        with root.make_context(name, list(arguments), obj=session) as context:
            root.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    return 0


def _report(error: BaseException, session: Session, arguments: Sequence[str]) -> int:
    """Tell a failure: to people on stderr, to machines that asked for events also on stdout."""
    failure = failure_of(error)
    if session.debug:
        to_stderr("".join(traceback.format_exception(error)).rstrip("\n"))
    to_stderr(_usage_text(error) if isinstance(error, click.ClickException) else error_text(failure))
    if session.machine_events or _asks_for_events(arguments):
        from .display.machine import event_line  # noqa: PLC0415  # only where events are asked for

        to_stdout(event_line(failure))
    return failure.exit_code


def _usage_text(error: click.ClickException) -> str:
    """Return what click says of a wrong call: usage, where the help is, the error."""
    text = io.StringIO()
    error.show(text)
    return text.getvalue().rstrip("\n")


def _asks_for_events(arguments: Sequence[str]) -> bool:
    """Tell whether a command line that could not be parsed asks for events."""
    return any(option.startswith("--events=") for option in arguments) or "--events" in arguments


@contextmanager
def _interrupted_by(*signals: signal.Signals) -> Iterator[None]:
    """Let signals end the run as Ctrl-C does, so that everything is cleaned up on the way."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [number for number in signals if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
