"""Built-in functions, and methods of plain values, that are followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from .values import MOST_ELEMENTS

_METHODS: Final[Mapping[type, frozenset[str]]] = {
    list: frozenset({"append", "copy", "extend", "index", "insert", "count"}),
    dict: frozenset({"copy", "get", "items", "keys", "setdefault", "update", "values"}),
    tuple: frozenset({"count", "index"}),
    str: frozenset({"endswith", "lower", "startswith", "strip", "upper"}),
}
_CHANGING: Final = frozenset({"append", "extend", "insert", "setdefault", "update"})
_SCALARS: Final = (bool, int, float, str)


def _listed(numbers: range) -> list[int]:
    return list(numbers[: MOST_ELEMENTS + 1])


def _text(scalar: object) -> str:
    if not isinstance(scalar, _SCALARS):
        raise TypeError("only the text of scalars is followed")
    return str(scalar)


def _total(numbers: Any) -> Any:  # noqa: ANN401  # as sum
    if not all(isinstance(number, (int, float)) for number in numbers):
        raise TypeError("only the sum of numbers is followed")
    return sum(numbers)


BUILTINS: Final[Mapping[str, Callable[..., Any]]] = {
    "all": all,
    "any": any,
    "bool": bool,
    "dict": dict,
    "enumerate": lambda *given: list(enumerate(*given)),
    "float": float,
    "int": int,
    "len": len,
    "list": list,
    "max": max,
    "min": min,
    "print": lambda *_given, **_named: None,
    "range": lambda *given: _listed(range(*given)),
    "reversed": lambda given: list(reversed(given)),
    "sorted": sorted,
    "str": _text,
    "sum": _total,
    "tuple": tuple,
    "zip": lambda *given: list(zip(*given, strict=False)),
}
"""Built-in functions that are followed, by their names."""


def has_method(owner: object, name: str) -> bool:
    """Tell whether a method of a plain value is followed."""
    return name in _METHODS.get(type(owner), ())


def changes(name: str) -> bool:
    """Tell whether a method changes its owner."""
    return name in _CHANGING


def call_plain(owner: Any, name: str, given: list[Any], named: dict[str, Any]) -> Any:  # noqa: ANN401  # any values
    """Call a method of a plain value; views become lists."""
    value = getattr(owner, name)(*given, **named)
    return (
        value
        if value is None or isinstance(value, (bool, int, str, float, list, tuple, dict))
        else list(value)
    )
