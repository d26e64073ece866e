"""Cells of a result as elements of one datatype: the wanted one, or else the next that holds them."""

from typing import Any, Callable, Dict, FrozenSet, List, Optional, Tuple

from ..json_writer import Fallback, plain, write_json
from .datatypes import BOOL, BYTES, FP64, INT64, INTEGERS

Types = FrozenSet[type]

_NAN = float("nan")
NUMBERS = frozenset([bool, int, float, type(None)])
_PLAIN = NUMBERS.union([str, list, dict])


def plain_cells(cells: List[Any], fallback: Fallback) -> List[Any]:
    """Turn cells of any library into what JSON knows, and into floats that JSON does not know.

    Args:
        cells: what a model returned.
        fallback: as `plain` takes it.

    Raises:
        TypeError: a cell that has no form in JSON.
    """
    if types_of(cells) <= _PLAIN:
        return cells
    return [each if type(each) in _PLAIN else _plain_cell(each, fallback) for each in cells]


def fit(cells: List[Any], datatype: str) -> Tuple[str, List[Any]]:
    """Make cells the elements of a tensor.

    Args:
        cells: plain ones.
        datatype: BOOL, INT64, FP64 or BYTES; what is wanted.

    Returns:
        The datatype that holds all cells, and its elements.

    Raises:
        PredictionError: a cell that cannot be written.
    """
    types = types_of(cells)
    for candidate in _CANDIDATES[datatype]:
        elements = _FITTERS[candidate](cells, types)
        if elements is not None:
            return candidate, elements
    return BYTES, [_text(each) for each in cells]


def types_of(cells: List[Any]) -> Types:
    """Tell the exact types among cells."""
    return frozenset(map(type, cells))


def _plain_cell(cell: Any, fallback: Fallback) -> Any:
    # Subclasses, such as numpy.float64, stay what they are.
    for base in (float, int, str):
        if isinstance(cell, base):
            return base(cell)
    return plain(cell, fallback)


def _booleans(cells: List[Any], types: Types) -> Optional[List[Any]]:
    return cells if types <= {bool} else None


def _integers(cells: List[Any], types: Types) -> Optional[List[Any]]:
    if not types <= {bool, int, float}:
        return None
    if float in types and not all(float(each).is_integer() for each in cells):
        return None
    least, greatest = INTEGERS[INT64]
    elements = cells if types <= {int} else list(map(int, cells))
    return elements if not cells or (least <= min(elements) and max(elements) <= greatest) else None


def _fractions(cells: List[Any], types: Types) -> Optional[List[Any]]:
    if types <= {float}:
        return cells
    if not types <= NUMBERS:
        return None
    try:
        return [_NAN if each is None else float(each) for each in cells]
    except OverflowError:
        return None


def _text(cell: Any) -> Optional[str]:
    return cell if cell is None or isinstance(cell, str) else write_json(cell).decode("utf-8")


_FITTERS: Dict[str, Callable[[List[Any], Types], Optional[List[Any]]]] = {
    BOOL: _booleans,
    INT64: _integers,
    FP64: _fractions,
}
_CANDIDATES = {BOOL: (BOOL, FP64), INT64: (INT64, FP64), FP64: (FP64,), BYTES: ()}
