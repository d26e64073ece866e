"""What a run can fail with, whose fault it is by its exit code, and the place in the user's own files.

The tree::

    CommandError            2, the run goes on with the next input
    ├── InputFileError      … an input that cannot be read, or is not what the model takes
    ├── UsageError          … ends the run: a call that cannot be meant
    ├── OutputError         … ends the run: the result cannot be written
    └── ModelFailedError    1
        ├── NotLoadedError  … ends the run: the model cannot be loaded
        └── InternalError   … a fault of this program
"""

import contextlib
import errno
import os
import traceback
from typing import Iterator

from gppi_runtime import ModelError
from gppi_runtime.errors import describe, model_traceback


class CommandError(Exception):
    """Something that the user has to know of; it can be pickled.

    Args:
        message: what happened and where, for the person who has to act.
        details: a traceback for ``--debug``, empty where there is none.
    """

    exit_code = 2
    ends_run = False

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message, details)
        self.message = message
        self.details = details


class InputFileError(CommandError):
    """An input that cannot be read, or is not what the model takes."""


class UsageError(CommandError):
    """A call that cannot be meant."""

    ends_run = True


class OutputError(CommandError):
    """A result that cannot be written."""

    ends_run = True


class ModelFailedError(CommandError):
    """The model raised, or its process ended."""

    exit_code = 1


class NotLoadedError(ModelFailedError):
    """The model cannot be loaded."""

    ends_run = True


class InternalError(ModelFailedError):
    """A fault of this program itself."""


class Interrupted(BaseException):
    """A signal asked the command to end; not an Exception, since no input's fault may swallow it.

    Args:
        number: the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def internal(error: BaseException, place: str = "") -> InternalError:
    """Describe a fault of this program, while it was at an input."""
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return InternalError(f"{place}{': ' if place else ''}internal error: {describe(error)}", trace)


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """Say a failure to load the model as ours, whatever its code raises.

    Raises:
        NotLoadedError: the block failed.
    """
    try:
        yield
    except Interrupted:
        raise
    except ModelError as error:
        raise NotLoadedError(error.message, error.details) from error
    except BaseException as error:  # an entrypoint may raise anything
        message = f"loading the model failed: {describe(error)}"
        raise NotLoadedError(message, model_traceback(error)) from error


def explain(what: str, path: str, error: OSError) -> str:
    """Say why a path cannot be used, and for whom it can.

    Args:
        what: the attempt, such as ``cannot read``.
        path: a file or folder as the user wrote it.
        error: what the system said.
    """
    message = f"{what} {path}: {error.strerror}"
    if error.errno in (errno.EACCES, errno.EPERM):
        message += _whose(path)
    return message


def _whose(path: str) -> str:
    try:
        facts = os.stat(path)
    except OSError:
        owner = ""
    else:
        owner = f"it belongs to {facts.st_uid}:{facts.st_gid} with mode {facts.st_mode & 0o7777:04o}, "
    user = f"{owner}this command runs as {os.getuid()}:{os.getgid()}"
    return (
        f'. {user[:1].upper() + user[1:]}. Start the container with --user "$(id -u):0" to run it as yourself'
    )
