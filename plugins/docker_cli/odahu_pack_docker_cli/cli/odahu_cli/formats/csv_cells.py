"""Cells of CSV, which are text, turned into what JSON would hold in their place."""

import re
from typing import Any, Callable, Dict, List, Optional, Sequence

from gppi_runtime import DocumentError, read_json

_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)
_JSON_NUMBER = re.compile(r"\s*-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?\s*", re.ASCII)
_OF_NUMBERS = b"0123456789+-.eE "
_NOT_A_NUMBER = "nan"
# The limit of later Pythons; in older ones the conversion of endless digits takes endless time.
_LONGEST_INTEGER = 4300
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "": None}


class WrongCellError(ValueError):
    """A cell that is not of its column's type.

    Args:
        index: its place in the column, from 0.
    """

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


def convert(column: Sequence[str], type_name: Optional[str]) -> List[Any]:
    """Turn the cells of a column into values; an empty cell is None.

    Args:
        column: the text of each cell.
        type_name: what the model says; without it a cell is a number where JSON would read one, else text.

    Raises:
        WrongCellError: a cell is not of the type.
    """
    return _CONVERTERS[type_name](column)


def reads_as(cell: str, type_name: Optional[str]) -> bool:
    """Tell whether a cell can be of a type."""
    try:
        convert([cell], type_name)
    except WrongCellError:
        return False
    return True


def is_json_number(cell: str) -> bool:
    """Tell whether JSON would read a cell as a number."""
    return _JSON_NUMBER.fullmatch(cell) is not None


def _numbers(column: Sequence[str]) -> List[Any]:
    # Python reads "1_000", "inf" and the digits of other scripts, too.
    if not "".join(column).encode("utf-8").translate(None, _OF_NUMBERS):
        try:
            return list(map(float, column))
        except ValueError:
            pass  # An empty cell, or a wrong one.
    return _each(_number, column)


def _number(cell: str) -> Optional[float]:
    if _NUMBER.fullmatch(cell):
        return float(cell)
    if cell.strip().lower() in ("", _NOT_A_NUMBER):
        return None
    raise ValueError(cell)


def _integers(column: Sequence[str]) -> List[Any]:
    return _each(_integer, column)


def _integer(cell: str) -> Any:
    """Read whole numbers however they are written; others are left to the model."""
    if len(cell) > _LONGEST_INTEGER:
        raise ValueError(cell)
    if _NUMBER.fullmatch(cell):
        try:
            return int(cell)
        except ValueError:
            return whole(float(cell))
    return _number(cell)


def whole(number: float) -> Any:
    """Return an integer where a number is one."""
    return int(number) if number.is_integer() else number


def _booleans(column: Sequence[str]) -> List[Any]:
    return _each(_boolean, column)


def _boolean(cell: str) -> Optional[bool]:
    try:
        return _BOOLEANS[cell.strip().lower()]
    except KeyError:
        raise ValueError(cell) from None


def _texts(column: Sequence[str]) -> List[Any]:
    return [cell or None for cell in column]


def _documents(column: Sequence[str]) -> List[Any]:
    return _each(_document, column)


def _document(cell: str) -> Any:
    try:
        return read_json(cell.encode("utf-8")) if cell else None
    except DocumentError:
        raise ValueError(cell) from None


def _guesses(column: Sequence[str]) -> List[Any]:
    return _each(_guess, column)


def _guess(cell: str) -> Any:
    found = _JSON_NUMBER.fullmatch(cell)
    if not found or len(cell) > _LONGEST_INTEGER:
        return cell or None
    return float(cell) if found.group(1) or found.group(2) else int(cell)


def _each(read: Callable[[str], Any], column: Sequence[str]) -> List[Any]:
    values: List[Any] = []
    try:
        values.extend(map(read, column))
    except ValueError:
        raise WrongCellError(len(values)) from None
    return values


_CONVERTERS: Dict[Optional[str], Callable[[Sequence[str]], List[Any]]] = {
    "number": _numbers,
    "integer": _integers,
    "boolean": _booleans,
    "string": _texts,
    "array": _documents,
    "object": _documents,
    None: _guesses,
}
