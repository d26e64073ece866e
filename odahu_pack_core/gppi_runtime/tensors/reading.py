"""Inference requests of the protocol, with their tensors in JSON or behind it."""

import sys
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..errors import DocumentError, quoted
from ..json_reader import read_json
from ..request import Request, json_type, shown
from ..signature import Signature
from .asking import InputTensor, gppi_request
from .datatypes import DATATYPES, unpack
from .json_data import json_elements
from .results import check_names

SIZE_HEADER = "Inference-Header-Content-Length"
TOO_LARGE = "too_large"
_SHARED_MEMORY = "shared_memory_region"
# Of a cell, and of a row besides: a digit and a comma, two brackets. A row is a list of Python here as there.
_LEAST_JSON_BYTES = 2


class RequestedOutput(NamedTuple):
    """An output that the caller asks for, and whether as binary data."""

    name: str
    binary: bool


class Inference(NamedTuple):
    """What a caller asks of a model.

    Args:
        request: for `Model.predict`, checked against the model's signature.
        id: the caller's name for it, returned in the answer.
        outputs: which outputs to answer with; None asks for all.
        binary: whether all outputs are to be binary data.
    """

    request: Request
    id: Optional[str]
    outputs: Optional[List[RequestedOutput]]
    binary: bool


def read_inference(
    body: bytes, json_size: Optional[int], mode: str, signature: Signature, most_bytes: int = sys.maxsize
) -> Inference:
    """Read the body of ``POST /v2/models/NAME/infer``.

    Args:
        body: the body as it came.
        json_size: what the header `SIZE_HEADER` says; None where there is none, and the body is JSON.
        mode: the model's prediction mode.
        signature: what it says about itself.
        most_bytes: the size of the largest body; binary data may not hold more cells than JSON of this size.

    Raises:
        DocumentError: no such request, or one that the model does not take; with the code `TOO_LARGE` one
            that holds too much.
    """
    if json_size is not None and not 0 <= json_size <= len(body):
        raise DocumentError(f"{SIZE_HEADER} is {json_size}, the body has {len(body)} bytes")
    document = read_json(body if json_size is None else body[:json_size], constants=True)
    if not isinstance(document, dict):
        raise DocumentError(f'the document is {json_type(document)}, expected an object with "inputs"')
    binary = _flag(_parameters(document, "the request"), "binary_data_output", default=False)
    outputs = _outputs(document, binary=binary)
    check_names([output.name for output in outputs or ()], mode, signature)
    tail = _Tail(memoryview(body)[len(body) if json_size is None else json_size :], most_bytes)
    tensors = _tensors(document, tail)
    return Inference(gppi_request(tensors, mode, signature), _id(document), outputs, binary)


def _id(document: Dict[str, Any]) -> Optional[str]:
    name = document.get("id")
    if name is not None and not isinstance(name, str):
        raise DocumentError(f'"id" is {shown(name)}, expected a string')
    return name


class _Tail:
    """The bytes behind the JSON, taken tensor by tensor."""

    def __init__(self, left: memoryview, most_bytes: int) -> None:
        self.left = left
        self._most_bytes = most_bytes

    def take(self, size: Any, datatype: str, rows: int, width: int) -> List[Any]:
        if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= len(self.left):
            raise DocumentError(
                f'has a "binary_data_size" {shown(size)}, {len(self.left)} bytes are left behind the JSON; '
                f"{SIZE_HEADER} tells where the JSON ends"
            )
        cells = rows * width
        if cells <= size and _LEAST_JSON_BYTES * (cells + rows) > self._most_bytes:
            raise DocumentError(f"has more cells than {self._most_bytes} bytes of JSON", TOO_LARGE)
        raw, self.left = self.left[:size], self.left[size:]
        return unpack(datatype, raw, cells)


def _tensors(document: Dict[str, Any], tail: _Tail) -> List[InputTensor]:
    tensors = []
    for number, description in enumerate(_objects(document, "inputs"), 1):
        name = _name(description, f'tensor {number} of "inputs"')
        parameters = _parameters(description, f"tensor {quoted(name)}")
        try:
            tensors.append(_tensor(name, description, parameters, tail))
        except DocumentError as error:
            raise DocumentError(f"tensor {quoted(name)} {error.message}", error.code) from None
    if not tensors:
        raise DocumentError('"inputs" is missing or empty: there is nothing to predict')
    if tail.left:
        raise DocumentError(f"{len(tail.left)} bytes behind the JSON belong to no tensor")
    return tensors


def _tensor(name: str, description: Dict[str, Any], parameters: Dict[str, Any], tail: _Tail) -> InputTensor:
    datatype = description.get("datatype")
    if not isinstance(datatype, str) or datatype not in DATATYPES:
        raise DocumentError(f"has a datatype {shown(datatype)} that is unknown")
    rows, width = _shape(description.get("shape"))
    if _SHARED_MEMORY in parameters:
        raise DocumentError("lies in shared memory, which is not offered")
    size, data = parameters.get("binary_data_size"), description.get("data")
    if size is None:
        return InputTensor(name, datatype, rows, width, json_elements(data, datatype, rows, width))
    if data is not None:
        raise DocumentError('has both "data" and a "binary_data_size"')
    return InputTensor(name, datatype, rows, width, tail.take(size, datatype, rows, width))


def _shape(shape: Any) -> Tuple[int, int]:
    if (
        not isinstance(shape, list)
        or not 1 <= len(shape) <= _MOST_DIMENSIONS
        or set(map(type, shape)) != {int}
    ):
        raise DocumentError("needs a shape of one or two whole numbers: rows, or rows and columns")
    if not 1 <= min(shape) <= max(shape) <= _GREATEST_DIMENSION:
        raise DocumentError(
            f"has the shape {quoted(shape)}, expected numbers from 1 to {_GREATEST_DIMENSION}"
        )
    return shape[0], shape[1] if len(shape) == _MOST_DIMENSIONS else 1


_MOST_DIMENSIONS = 2
_GREATEST_DIMENSION = 2**64 - 1  # by the protocol


def _outputs(document: Dict[str, Any], *, binary: bool) -> Optional[List[RequestedOutput]]:
    outputs: Dict[str, RequestedOutput] = {}
    for number, description in enumerate(_objects(document, "outputs"), 1):
        name = _name(description, f'tensor {number} of "outputs"')
        place = f"output {quoted(name)}"
        if name in outputs:
            raise DocumentError(f"{place} is asked for twice")
        parameters = _parameters(description, place)
        for unknown in (_SHARED_MEMORY, "classification"):
            if parameters.get(unknown):
                raise DocumentError(f"{place} asks for {unknown}, which is not offered")
        outputs[name] = RequestedOutput(name, _flag(parameters, "binary_data", default=binary))
    return list(outputs.values()) or None


def _objects(document: Dict[str, Any], member: str) -> List[Dict[str, Any]]:
    objects = document.get(member)
    if objects is None:
        return []
    if not isinstance(objects, list):
        raise DocumentError(f'"{member}" is {json_type(objects)}, expected an array')
    for number, each in enumerate(objects, 1):
        if not isinstance(each, dict):
            raise DocumentError(f'tensor {number} of "{member}" is {shown(each)}, expected an object')
    return objects


def _name(description: Dict[str, Any], place: str) -> str:
    name = description.get("name")
    if not isinstance(name, str):
        raise DocumentError(f"{place} has no name")
    return name


def _parameters(description: Dict[str, Any], place: str) -> Dict[str, Any]:
    parameters = description.get("parameters")
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise DocumentError(f'"parameters" of {place} is {json_type(parameters)}, expected an object')
    return parameters


def _flag(parameters: Dict[str, Any], name: str, *, default: bool) -> bool:
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise DocumentError(f'"{name}" is {shown(value)}, expected a boolean')
    return value
