"""The request that tensors make: rows by position or by column, or objects."""

from typing import Any, Dict, List, NamedTuple, Sequence

from ..errors import DocumentError, quoted
from ..json_reader import read_json
from ..request import MATRIX, MatrixRequest, ObjectsRequest, Request, json_type
from ..signature import Field, Signature, check_request, fields_of
from .datatypes import BYTES
from .layout import OBJECTS_INPUT, kind_of, unique_names

_OF_JSON = ("array", "object")


class InputTensor(NamedTuple):
    """A tensor of two dimensions.

    Args:
        name: as the caller wrote it.
        datatype: a datatype of the protocol.
        rows: its first dimension, the batch.
        width: its second one.
        elements: all of them, row by row.
    """

    name: str
    datatype: str
    rows: int
    width: int
    elements: Sequence[Any]


def gppi_request(tensors: Sequence[InputTensor], mode: str, signature: Signature) -> Request:
    """Put tensors together to what a model is asked with.

    A single tensor as wide as the model may have any name. Other tensors are columns by their names; of a
    name that the model has several times, a tensor may hold one column or all of them.

    Args:
        tensors: at least one, each with at least one element.
        mode: the model's prediction mode.
        signature: what it says about itself.

    Raises:
        DocumentError: tensors that the model does not take.
    """
    if mode == MATRIX:
        return _matrix_request(tensors, signature)
    return _objects_request(tensors, signature)


def _matrix_request(tensors: Sequence[InputTensor], signature: Signature) -> MatrixRequest:
    if len(tensors) == 1 and not _is_by_name(tensors[0], signature.inputs):
        request = _whole(tensors[0], [field.name for field in signature.inputs])
    else:
        request = _by_columns(tensors, signature.inputs)
    if _read_json_columns(request, signature.inputs):
        check_request(request, signature)
    else:
        # Each column comes from one tensor, so all its cells are of one type.
        check_request(MatrixRequest(request.rows[:1], request.columns), signature)
    return request


def _is_by_name(tensor: InputTensor, inputs: List[Field]) -> bool:
    return tensor.width != len(inputs) and tensor.name in {field.name for field in inputs}


def _whole(tensor: InputTensor, names: List[str]) -> MatrixRequest:
    width = tensor.width
    if names and width != len(names):
        columns = ", ".join(map(quoted, names[:_NAMES_SHOWN])) + (", …" if len(names) > _NAMES_SHOWN else "")
        raise DocumentError(
            f"tensor {quoted(tensor.name)} has {width} columns, the model has {len(names)}: {columns}"
        )
    cells = tensor.elements
    rows = [list(cells[start : start + width]) for start in range(0, len(cells), width)]
    return MatrixRequest(rows, names or None)


_NAMES_SHOWN = 20


def _by_columns(tensors: Sequence[InputTensor], inputs: List[Field]) -> MatrixRequest:
    declared = [field.name for field in inputs]
    known = dict(zip(unique_names(declared), declared))
    names: List[str] = []
    columns: List[Sequence[Any]] = []
    for tensor in _in_order(tensors, known):
        if tensor.rows != tensors[0].rows:
            raise DocumentError(
                f"tensor {quoted(tensor.name)} has {tensor.rows} rows and "
                f"tensor {quoted(tensors[0].name)} has {tensors[0].rows}"
            )
        names += [known.get(tensor.name, tensor.name)] * tensor.width
        columns += [tensor.elements[index :: tensor.width] for index in range(tensor.width)]
    return MatrixRequest(list(map(list, zip(*columns))), names)


def _in_order(tensors: Sequence[InputTensor], known: Dict[str, str]) -> List[InputTensor]:
    """Put tensors of columns of one name, sent as ``x-2`` and ``x``, into the order of the columns."""
    ranks = {unique: rank for rank, unique in enumerate(known)}
    ordered = list(tensors)
    places: Dict[str, List[int]] = {}
    for place, tensor in enumerate(tensors):
        places.setdefault(known.get(tensor.name, tensor.name), []).append(place)
    for taken in places.values():
        fitting = sorted((tensors[place] for place in taken), key=lambda tensor: ranks.get(tensor.name, -1))
        for place, tensor in zip(taken, fitting):
            ordered[place] = tensor
    return ordered


def _read_json_columns(request: MatrixRequest, inputs: List[Field]) -> bool:
    """Parse the cells of columns that hold arrays or objects; tell whether there are any."""
    fields = fields_of(request, inputs) if inputs else []
    indexes = [index for index, field in enumerate(fields) if kind_of(field) in _OF_JSON]
    for index in indexes:
        for number, row in enumerate(request.rows, 1):
            if isinstance(row[index], str):
                row[index] = _json_text(row[index], f"row {number} column {index + 1}")
    return bool(indexes)


def _objects_request(tensors: Sequence[InputTensor], signature: Signature) -> ObjectsRequest:
    tensor = tensors[0]
    if len(tensors) > 1 or tensor.datatype != BYTES or tensor.width != 1:
        raise DocumentError(
            f"the model takes one tensor of BYTES, {OBJECTS_INPUT}, of shape [-1, 1]: JSON objects"
        )
    objects = [_object(text, number) for number, text in enumerate(tensor.elements, 1)]
    request = ObjectsRequest(objects)
    check_request(request, signature)
    return request


def _object(text: str, number: int) -> Dict[str, Any]:
    value = _json_text(text, f"object {number}")
    if not isinstance(value, dict):
        raise DocumentError(f"object {number} is {json_type(value)}, expected an object")
    return value


def _json_text(text: str, place: str) -> Any:
    try:
        return read_json(text.encode("utf-8", "surrogatepass"))
    except DocumentError as error:
        raise DocumentError(f"{place}: {error.message}", error.code) from None
