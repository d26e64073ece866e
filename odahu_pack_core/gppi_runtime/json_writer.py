"""Writing what a model returns as JSON: arrays, frames and scalars of any library, without importing one.

Libraries are told apart by what their objects can do: numpy, pandas, PyTorch and the like all offer
``tolist``; frames of pandas iterate as tuples. JSON has no NaN and no infinity: they become ``null``.
"""

import datetime as dt
import json
import math
from typing import Any, Callable, Optional, Type

from .errors import PredictionError, describe, model_traceback

Fallback = Optional[Callable[[Any], Any]]

# Kinds of numpy's dtypes.
_MOMENTS, _DURATIONS, _COMPLEX = "M", "m", "c"
_NUMBERS = "fiu"
_MATRIX, _WIDEST = 2, 8
# pandas.NA and pandas.NaT: neither equals itself, and NaT pretends to be a datetime.
_MISSING = ("NAType", "NaTType")


def write_json(
    document: Any, serializer: Optional[Type[json.JSONEncoder]] = None, indent: Optional[int] = None
) -> bytes:
    """Write a document as UTF-8 JSON.

    Args:
        document: lists, dictionaries and scalars, and anywhere in them what `plain` converts.
        serializer: the model's own encoder, asked first about values that JSON does not know.
        indent: spaces per level; without it everything stands on one line.

    Raises:
        PredictionError: a value that cannot be written, or a structure that contains itself.
    """
    try:
        if serializer is None:
            try:
                return _dump(document, json.JSONEncoder, indent)
            except (TypeError, ValueError):
                pass  # More than lists, text and finite numbers: it pays for the walk below.
        tree = plain(document, serializer().default if serializer else None)
        return _dump(tree, serializer or json.JSONEncoder, indent)
    except RecursionError:
        raise PredictionError("the result is nested too deeply or contains itself") from None
    except Exception as error:  # the model's encoder and its objects may raise anything
        message = f"the result cannot be written as JSON: {describe(error)}"
        raise PredictionError(message, model_traceback(error)) from error


def _dump(tree: Any, encoder: Type[json.JSONEncoder], indent: Optional[int]) -> bytes:
    text = json.dumps(tree, cls=encoder, allow_nan=False, ensure_ascii=False, indent=indent)
    # Only a lone surrogate is unknown to UTF-8, and its backslash form is JSON's own escape.
    return text.encode("utf-8", "backslashreplace")


def plain(value: Any, fallback: Fallback = None) -> Any:
    """Turn a value into what JSON can hold: lists, dictionaries with text keys and scalars.

    Args:
        value: a scalar or container of Python, numpy, pandas or another library that offers ``tolist``.
        fallback: asked first about values that are none of Python's; raises TypeError where it does not know.

    Returns:
        The value; NaN, infinities and missing values are None, moments are ISO 8601 text, lengths of time
        are seconds.

    Raises:
        TypeError: a value that has no form in JSON.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {_key(key): plain(member, fallback) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(element, fallback) for element in value]
    return _foreign(value, fallback)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    scalar = plain(key)
    if isinstance(scalar, (list, dict)):
        raise TypeError(f"{type(key).__name__} cannot be a name in a JSON object")
    return scalar if isinstance(scalar, str) else json.dumps(scalar)


def _foreign(value: Any, fallback: Fallback) -> Any:
    if fallback is not None and not is_container(value):
        try:
            return plain(fallback(value), fallback)
        except TypeError:
            pass  # The model's encoder does not know the value either.
    if type(value).__name__ in _MISSING:
        return None
    if is_container(value) or hasattr(value, "tolist"):
        return plain(as_list(value), fallback)
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8")
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def is_container(value: Any) -> bool:
    """Tell whether a value of a library holds others: an array, a series, an index or a frame."""
    return hasattr(value, "itertuples") or (hasattr(value, "tolist") and getattr(value, "ndim", 1) != 0)


def is_number_array(value: Any) -> bool:
    """Tell whether a value is a matrix of numpy whose cells Python's numbers hold."""
    dtype = getattr(value, "dtype", None)
    return (
        type(value).__module__ == "numpy"
        and getattr(value, "ndim", 0) == _MATRIX
        and getattr(dtype, "kind", "") in _NUMBERS
        and getattr(dtype, "itemsize", 0) <= _WIDEST
    )


def as_list(value: Any) -> Any:
    """Open the outermost container of a value.

    Args:
        value: a frame, series, index, array, scalar of numpy, list or tuple.

    Returns:
        A list for a container (of rows for a frame or matrix), else the value itself as Python has it.
    """
    if isinstance(value, (list, tuple)):
        return list(value)
    if hasattr(value, "itertuples"):
        return [list(row) for row in value.itertuples(index=False, name=None)]
    return _array_as_list(value) if hasattr(value, "tolist") else value


def _array_as_list(array: Any) -> Any:
    kind = getattr(getattr(array, "dtype", None), "kind", "")
    if type(array).__module__.partition(".")[0] == "numpy":
        if kind == _MOMENTS:
            return _without_nat(array.astype("U").tolist())
        if kind == _DURATIONS:
            array = array.astype("m8[us]")
    listed = array.tolist()
    # numpy.longdouble is nobody's subclass and lists itself.
    return _longdouble(listed, kind) if type(listed) is type(array) else listed


def _longdouble(scalar: Any, kind: str) -> float:
    if kind == _COMPLEX:
        raise TypeError(f"Object of type {type(scalar).__name__} is not JSON serializable")
    return float(scalar)


def _without_nat(moments: Any) -> Any:
    if isinstance(moments, list):
        return [_without_nat(moment) for moment in moments]
    return None if moments == "NaT" else moments
