"""What can go wrong between a request and a GPPI model, and whose fault it is.

The tree::

    GppiError
    ├── DocumentError          the caller's request: HTTP 4xx, exit code 2
    │   ├── JsonSyntaxError    … is not JSON; knows the line and the column
    │   └── RowError           … holds a row that cannot be meant; knows which
    └── ModelError             the model: HTTP 500, exit code 1
        ├── EntrypointError    … cannot be loaded or breaks the GPPI contract
        └── PredictionError    … raised, or returned what JSON cannot hold
"""

import contextlib
import importlib
import json
import traceback
from types import TracebackType
from typing import Any

_PACKAGE = __name__.rpartition(".")[0]
_MAX_QUOTED = 80

# What `traceback` imports only while it formats, in one Python or another. By then the model's folder
# comes first on sys.path, and a model may have a module of that name.
for _name in ("_colorize", "_suggestions", "ast", "linecache", "tokenize", "unicodedata"):
    with contextlib.suppress(ImportError):
        importlib.import_module(_name)


class GppiError(Exception):
    """The root of every error that this package raises.

    Args:
        message: one or two sentences for the person who has to act.
        code: a stable word for machines, such as ``unknown_column``.
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class DocumentError(GppiError):
    """A request document that the model cannot be asked with: the caller's fault."""

    def __init__(self, message: str, code: str = "invalid_request") -> None:
        super().__init__(message, code)


class JsonSyntaxError(DocumentError):
    """A request that is not JSON.

    Args:
        reason: what is wrong, without the place.
        line: the line, counted from 1.
        column: the character in the line, counted from 1.
    """

    def __init__(self, reason: str, line: int, column: int) -> None:
        super().__init__(f"{reason} at line {line} column {column}", "invalid_json")
        self.reason = reason
        self.line = line
        self.column = column


class RowError(DocumentError):
    """One row or object of a request that the model cannot be asked with.

    Args:
        noun: what it is: ``row`` or ``object``.
        row: its number in the request, counted from 1.
        rest: the message from there on.
        code: a stable word for machines.
    """

    def __init__(self, noun: str, row: int, rest: str, code: str = "invalid_request") -> None:
        super().__init__(f"{noun} {row}{rest}", code)
        self.noun = noun
        self.row = row
        self.rest = rest


class ModelError(GppiError):
    """A fault of the model itself.

    Args:
        message: what happened, with the words of the model's own exception.
        code: a stable word for machines.
        details: the model's traceback for the log, empty where there is none.
    """

    def __init__(self, message: str, code: str, details: str = "") -> None:
        super().__init__(message, code)
        self.details = details


class EntrypointError(ModelError):
    """A model that cannot be loaded, or whose entrypoint breaks the GPPI contract."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message, "model_not_loaded", details)


class PredictionError(ModelError):
    """A prediction that failed inside the model."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message, "model_error", details)


def describe(error: BaseException) -> str:
    """Say an exception in one line, as the last line of its traceback would."""
    if isinstance(error, SyntaxError):  # whose last lines show the code, too
        return f"{type(error).__name__}: {error}"
    return "".join(traceback.format_exception_only(type(error), error)).strip()


def model_traceback(error: BaseException) -> str:
    """Format a traceback from the first frame that belongs to the model.

    Args:
        error: what the model raised, while it is being handled or later.

    Returns:
        The traceback without the frames of this package and of the import system above the model's.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None and _is_plumbing(trace):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace))


def _is_plumbing(trace: TracebackType) -> bool:
    module = trace.tb_frame.f_globals.get("__name__") or ""
    return module.startswith(("importlib", _PACKAGE + "."))


_PACKAGE = __name__.rpartition(".")[0]


def quoted(name: Any) -> str:
    """Write a name from a request for a message: quoted, on one line, and not endless."""
    text = json.dumps(name, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_QUOTED else text[: _MAX_QUOTED - 1] + "…"
