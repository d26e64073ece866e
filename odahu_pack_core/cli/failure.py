"""Failures as the command tells them: every exception becomes words and an exit code."""

from __future__ import annotations

import errno

import click

from odahu_pack_core.errors import Cancelled, OdahuPackError, UsageError
from odahu_pack_core.events import RunFailed

_HINT = "run it again with --debug to see where it happened"
_FULL_HINT = "free some space, or point TMPDIR and ODAHU_PACK_CACHE_DIR to a larger disk"


def failure_of(error: BaseException) -> RunFailed:
    """Return an exception as the last event of a failed run."""
    if isinstance(error, OdahuPackError):
        return RunFailed(type(error).__name__, error.code, error.message, error.hint, error.exit_code)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return RunFailed(Cancelled.__name__, "interrupted", "interrupted", "", Cancelled.exit_code)
    if isinstance(error, click.ClickException):
        return RunFailed(UsageError.__name__, "usage", error.format_message(), "", error.exit_code)
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        hint = _FULL_HINT if error.errno == errno.ENOSPC else _HINT
        return _unexpected(error, f"{error.strerror}{place}", hint)
    return _unexpected(error, f"{type(error).__name__}: {error}", _HINT)


def error_text(failure: RunFailed) -> str:
    """Return a failure as people read it."""
    text = f"Error: {failure.message}"
    return f"{text}\n{failure.hint}" if failure.hint else text


def _unexpected(error: BaseException, message: str, hint: str) -> RunFailed:
    return RunFailed(type(error).__name__, "unexpected", message, hint, OdahuPackError.exit_code)
