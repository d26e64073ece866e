"""What a model says about its inputs and outputs, and requests checked against it.

GPPI's ``info()`` returns two lists of ``{name, type, required, example}``. Names may repeat: the n-th
cell of a name belongs to the n-th field of that name.
"""

from collections import Counter
from itertools import chain
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Sequence

from .errors import DocumentError, RowError, quoted
from .json_writer import plain
from .request import MatrixRequest, ObjectsRequest, Request, shown

_ALIASES = {
    "bool": "boolean",
    "double": "number",
    "float": "number",
    "int": "integer",
    "list": "array",
    "dict": "object",
    "long": "integer",
    "str": "string",
}
_NULL = type(None)
# ODAHU's trainer calls booleans and complex numbers strings, and columns of whole numbers integers
# although later rows hold fractions: only what cannot be meant is refused.
_ACCEPTED: Dict[str, FrozenSet[type]] = {
    "number": frozenset([int, float, _NULL]),
    "integer": frozenset([int, float, _NULL]),
    "string": frozenset([str, int, float, bool, _NULL]),
    "boolean": frozenset([bool, int, _NULL]),
    "array": frozenset([list, _NULL]),
    "object": frozenset([dict, _NULL]),
}


class Field(NamedTuple):
    """One input or output column of a model.

    ``type`` is a type of Swagger 2.0, or None where the model names none that we know.
    """

    name: str
    type: Optional[str]
    required: bool
    example: Any


class Signature(NamedTuple):
    """The fields of a model; an empty list says that nothing is known."""

    inputs: List[Field]
    outputs: List[Field]


UNKNOWN = Signature([], [])


def read_signature(inputs: Sequence[Dict[str, Any]], outputs: Sequence[Dict[str, Any]]) -> Signature:
    """Read what the model's ``info()`` returned.

    Args:
        inputs: ``{name, type, required, example}`` for each input column; only ``name`` must be there.
        outputs: the same for the outputs.

    Raises:
        Exception: whatever a malformed description provokes; the caller knows whose it is.
    """
    return Signature([_field(each) for each in inputs], [_field(each) for each in outputs])


def _field(description: Dict[str, Any]) -> Field:
    named = str(description.get("type", "")).lower()
    type_name = _ALIASES.get(named, named)
    return Field(
        name=str(description["name"]),
        type=type_name if type_name in _ACCEPTED else None,
        required=description.get("required", True) not in (False, None),
        example=plain(description.get("example")),
    )


def accepts(field: Field, cell: Any) -> bool:
    """Tell whether a parsed cell can be meant for a field."""
    return field.type is None or type(cell) in _ACCEPTED[field.type]


def check_request(request: Request, signature: Signature) -> None:
    """Check a request against the model's own description.

    Columns may stand in any order: they are handed on as they came, with their names.

    Raises:
        DocumentError: a column that is missing or unknown, or a cell that is not of its column's type.
    """
    if not signature.inputs:
        return
    if isinstance(request, MatrixRequest):
        _check_cells(request, fields_of(request, signature.inputs))
    else:
        _check_objects(request, signature.inputs)


def fields_of(request: MatrixRequest, declared: List[Field]) -> List[Field]:
    """Return the field of each column of a request; of a name that repeats they come in their order.

    Args:
        request: one with a row at least.
        declared: the fields of the model's input.

    Raises:
        DocumentError: a column that is missing or unknown.
    """
    if request.columns is None:
        width = len(request.rows[0])
        if width != len(declared):
            raise DocumentError(
                f"the rows have {width} cells, the model has {len(declared)} columns: {_names(declared)}"
            )
        return declared
    _check_names(request.columns, declared)
    by_name: Dict[str, List[Field]] = {}
    for field in declared:
        by_name.setdefault(field.name, []).append(field)
    return [by_name[name].pop(0) for name in request.columns]


def _check_names(given: List[str], declared: List[Field]) -> None:
    if given == [field.name for field in declared]:
        return
    known = Counter(field.name for field in declared)
    for name, count in Counter(given).items():
        if name not in known:
            message = f"column {quoted(name)} is unknown, the model has {_names(declared)}"
            raise DocumentError(message, "unknown_column")
        if count > known[name]:
            message = f"column {quoted(name)} is given {count} times, the model has {known[name]}"
            raise DocumentError(message, "unknown_column")
    left = Counter(given)
    for field in declared:
        left[field.name] -= 1
        if field.required and left[field.name] < 0:
            raise DocumentError(f"column {quoted(field.name)} is missing", "missing_column")


def _check_cells(request: MatrixRequest, fields: List[Field]) -> None:
    if len({field.type for field in fields}) == 1 and _are_all(request, fields[0].type):
        return
    for index, field in enumerate(fields):
        if field.type is None:
            continue
        accepted = _ACCEPTED[field.type]
        if request.kinds is not None and request.kinds <= accepted:
            continue
        # One pass in C for each column; the slow search for the place runs only for a wrong cell.
        if {type(row[index]) for row in request.rows} <= accepted:
            continue
        number, cell = next(
            (n, row[index]) for n, row in enumerate(request.rows, 1) if type(row[index]) not in accepted
        )
        place = f" column {index + 1} ({quoted(field.name)})"
        raise _wrong_type("row", number, place, cell, field.type)


def _are_all(request: MatrixRequest, expected: Optional[str]) -> bool:
    """Tell whether all cells are of one type, in a single pass in C."""
    if expected is None:
        return True
    kinds = request.kinds or set(map(type, chain.from_iterable(request.rows)))
    return kinds <= _ACCEPTED[expected]


def _check_objects(request: ObjectsRequest, fields: List[Field]) -> None:
    for number, members in enumerate(request.objects, 1):
        for field in fields:
            place = f" member {quoted(field.name)}"
            if field.name not in members:
                if field.required:
                    raise RowError("object", number, f"{place} is missing", "missing_column")
            elif field.type is not None and type(members[field.name]) not in _ACCEPTED[field.type]:
                raise _wrong_type("object", number, place, members[field.name], field.type)


def _wrong_type(noun: str, number: int, place: str, cell: Any, expected: str) -> RowError:
    return RowError(noun, number, f"{place}: {shown(cell)} is not of type {expected}", "wrong_type")


def _names(fields: List[Field]) -> str:
    names = ", ".join(quoted(field.name) for field in fields[:_NAMES_SHOWN])
    return names + ", …" if len(fields) > _NAMES_SHOWN else names


_NAMES_SHOWN = 20
