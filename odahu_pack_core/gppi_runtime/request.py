"""The documents that a model is asked with, one for each prediction mode of GPPI."""

from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Tuple, Union

from .errors import DocumentError, RowError, quoted

MATRIX = "matrix"
OBJECTS = "objects"


class MatrixRequest(NamedTuple):
    """``{"columns": [...], "data": [[...], ...]}``: rows of cells, and the columns' names where given.

    Args:
        rows: lists of cells, or a two-dimensional array of numpy.
        columns: the name of each column.
        kinds: the types that all cells are of, where somebody knows them already.
    """

    rows: List[List[Any]]
    columns: Optional[List[str]]
    kinds: Optional[FrozenSet[type]] = None


class ObjectsRequest(NamedTuple):
    """``{"objects": [{...}, ...]}``: one object for each prediction."""

    objects: List[Dict[str, Any]]


Request = Union[MatrixRequest, ObjectsRequest]


def parse_request(document: Any, mode: str) -> Request:
    """Check the shape of a request document.

    Args:
        document: parsed JSON.
        mode: the model's prediction mode, ``matrix`` or ``objects``.

    Returns:
        The request; members that the mode does not know are overlooked.

    Raises:
        DocumentError: a document of another shape, with the words of what is expected.
    """
    member = "data" if mode == MATRIX else OBJECTS
    if not isinstance(document, dict):
        raise DocumentError(f'the document is {json_type(document)}, expected an object with "{member}"')
    if document.get(member) is None:
        raise DocumentError(_missing(document, member))
    elements = _list(document, member)
    if not elements:
        raise DocumentError(f'"{member}" is empty: there is nothing to predict')
    if mode == MATRIX:
        return _matrix(elements, document)
    wrong = _first_other(elements, dict)
    if wrong:
        raise RowError("object", wrong[0], f' of "objects" is {shown(wrong[1])}, expected an object')
    return ObjectsRequest(elements)


def _missing(document: Dict[str, Any], member: str) -> str:
    message = f'"{member}" is missing'
    other = OBJECTS if member == "data" else "data"
    return message + f': the model takes it instead of "{other}"' if other in document else message


def _matrix(rows: List[Any], document: Dict[str, Any]) -> MatrixRequest:
    columns = None
    if document.get("columns") is not None:
        columns = _names(_list(document, "columns"))
    wrong = _first_other(rows, list)
    if wrong:
        raise RowError("row", wrong[0], f' of "data" is {shown(wrong[1])}, expected an array')
    _check_widths(rows, columns)
    return MatrixRequest(rows, columns)


def _check_widths(rows: List[List[Any]], columns: Optional[List[str]]) -> None:
    width = len(rows[0]) if columns is None else len(columns)
    if set(map(len, rows)) == {width}:
        return
    number, row = next((number, row) for number, row in enumerate(rows, 1) if len(row) != width)
    other = "row 1" if columns is None else '"columns"'
    raise RowError("row", number, f' of "data" has {len(row)} cells and {other} has {width}')


def _list(document: Dict[str, Any], member: str) -> List[Any]:
    value = document[member]
    if not isinstance(value, list):
        raise DocumentError(f'"{member}" is {json_type(value)}, expected an array')
    return value


def _names(columns: List[Any]) -> List[str]:
    wrong = _first_other(columns, str)
    if wrong:
        raise DocumentError(f'name {wrong[0]} of "columns" is {shown(wrong[1])}, expected a string')
    return columns


def _first_other(elements: List[Any], expected: type) -> Optional[Tuple[int, Any]]:
    """Find the first element of another type, and count it from 1."""
    if set(map(type, elements)) <= {expected}:
        return None
    return next((number, each) for number, each in enumerate(elements, 1) if type(each) is not expected)


def json_type(value: Any) -> str:
    """Name the JSON type of a parsed value, with its article."""
    if value is None:
        return "null"
    return _JSON_TYPES[type(value)]


def shown(value: Any) -> str:
    """Show a parsed value in a message: scalars as they are, containers by their type."""
    return json_type(value) if isinstance(value, (list, dict)) else quoted(value)


_JSON_TYPES = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}
