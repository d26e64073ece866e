"""The elements of a tensor as JSON: flat, or nested as the tensor's shape is."""

from itertools import chain
from typing import Any, Dict, FrozenSet, List, Tuple

from ..errors import DocumentError
from ..request import json_type, shown
from .datatypes import BOOL, DATATYPES, FRACTIONS, INTEGERS

_NAN = float("nan")
_NULL = type(None)


def _expected(datatype: str) -> Tuple[FrozenSet[type], str]:
    if datatype in INTEGERS:
        return frozenset([int]), "a whole number"
    if datatype in FRACTIONS:
        return frozenset([float, int, _NULL]), "a number"
    return (frozenset([bool]), "a boolean") if datatype == BOOL else (frozenset([str]), "a string")


_EXPECTED: Dict[str, Tuple[FrozenSet[type], str]] = {each: _expected(each) for each in DATATYPES}


def json_elements(data: Any, datatype: str, rows: int, width: int) -> List[Any]:
    """Check the ``data`` of a tensor.

    Args:
        data: the parsed member, rows of elements or all elements in one array.
        datatype: one of `DATATYPES`.
        rows: the first number of the tensor's shape.
        width: the second one.

    Returns:
        The elements row by row. A ``null`` among fractions is NaN, as it is in the binary form.

    Raises:
        DocumentError: data of another shape, or an element of another type.
    """
    if not isinstance(data, list):
        raise DocumentError(f'has "data" that is {json_type(data)}, expected an array')
    elements = _flat(data, rows, width)
    if len(elements) != rows * width:
        raise DocumentError(f'has {len(elements)} elements in "data", its shape asks for {rows * width}')
    _check_types(elements, datatype)
    if datatype in INTEGERS:
        _check_range(elements, datatype)
    return _floats(elements) if datatype in FRACTIONS else elements


def _flat(data: List[Any], rows: int, width: int) -> List[Any]:
    if not data or not isinstance(data[0], list):
        return data
    if len(data) != rows:
        raise DocumentError(f'has {len(data)} rows in "data", its shape asks for {rows}')
    for number, row in enumerate(data, 1):
        if not isinstance(row, list):
            raise DocumentError(f'has a row {number} in "data" that is {shown(row)}, expected an array')
        if len(row) != width:
            raise DocumentError(f"has {len(row)} elements in row {number}, its shape asks for {width}")
    return list(chain.from_iterable(data))


def _check_types(elements: List[Any], datatype: str) -> None:
    accepted, words = _EXPECTED[datatype]
    if set(map(type, elements)) <= accepted:
        return
    number, element = next((n, each) for n, each in enumerate(elements, 1) if type(each) not in accepted)
    raise DocumentError(f"has an element {number} that is {shown(element)}, expected {words}", "wrong_type")


def _check_range(elements: List[int], datatype: str) -> None:
    least, greatest = INTEGERS[datatype]
    for number in (min(elements), max(elements)):
        if not least <= number <= greatest:
            raise DocumentError(f"has an element {shown(number)}, {datatype} ends at {least} and {greatest}")


def _floats(elements: List[Any]) -> List[float]:
    if set(map(type, elements)) == {float}:
        return elements
    try:
        return [_NAN if each is None else float(each) for each in elements]
    except OverflowError:
        raise DocumentError("has a number that is too large for a fraction") from None
