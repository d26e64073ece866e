"""The tensors of what a model returned, as its metadata promises them as far as the result allows.

Whole numbers that are none become FP64, a missing number is NaN, and what is no number becomes text: JSON,
where it is none yet.
"""

import json
from itertools import chain
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Type

from ..errors import DocumentError, PredictionError, describe, model_traceback, quoted
from ..json_writer import Fallback, write_json
from ..request import MATRIX, OBJECTS
from ..signature import Field, Signature
from .datatypes import BYTES
from .fitting import NUMBERS, fit, plain_cells, types_of
from .layout import OUTPUT, Layout, column_layout, datatype_of, output_layout, unique_names

Serializer = Optional[Type[json.JSONEncoder]]


class OutputTensor(NamedTuple):
    """A tensor of two dimensions; elements are booleans, integers, floats, or text and None for BYTES."""

    name: str
    datatype: str
    rows: int
    width: int
    elements: List[Any]


class _Table(NamedTuple):
    """A result, its cells row by row."""

    rows: int
    width: int
    cells: List[Any]

    def column(self, index: int) -> List[Any]:
        return self.cells[index :: self.width]


def output_tensors(
    prediction: Dict[str, Any],
    signature: Signature,
    names: Optional[Sequence[str]] = None,
    serializer: Serializer = None,
) -> List[OutputTensor]:
    """Turn a result document into tensors.

    Args:
        prediction: what `Model.predict` returned.
        signature: what the model says about itself.
        names: which tensors in which order; a column may be named, too, where all share one. None is all.
        serializer: the model's own encoder for values that JSON does not know.

    Raises:
        DocumentError: a name that the result has not.
        PredictionError: a result that tensors cannot hold.
    """
    if "columns" not in prediction:
        texts = [write_json(each, serializer).decode("utf-8") for each in prediction["prediction"]]
        tensors = output_layout(OBJECTS, signature)
        return [_tensor(each, _Table(len(texts), 1, texts)) for each in _chosen(tensors, [], names)]
    table = _table(prediction, serializer() if serializer else None)
    fields = _fields(prediction["columns"], table, signature.outputs)
    tensors = column_layout(fields)
    if not signature.outputs and tensors[0].datatype != BYTES and len(tensors) == 1:
        tensors = [tensors[0]._replace(name=OUTPUT)]  # as the metadata has it where columns are not known
    return [_tensor(each, table) for each in _chosen(tensors, _columns(fields), names)]


def check_names(names: Sequence[str], mode: str, signature: Signature) -> None:
    """Check the names of outputs as far as they are known before a prediction.

    Raises:
        DocumentError: a name that a model with this signature has not.
    """
    if mode != MATRIX or signature.outputs:
        _chosen(output_layout(mode, signature), _columns(signature.outputs), names)


def _table(prediction: Dict[str, Any], encoder: Optional[json.JSONEncoder]) -> _Table:
    rows = prediction["prediction"]
    width = len(rows[0]) if rows else len(prediction["columns"])
    if any(len(row) != width for row in rows):
        raise PredictionError("predict_on_matrix() returned rows of different widths: no tensor holds them")
    fallback: Fallback = encoder.default if encoder else None
    try:
        return _Table(len(rows), width, plain_cells(list(chain.from_iterable(rows)), fallback))
    except Exception as error:  # the model's encoder and its objects may raise anything
        message = f"the result cannot be written as tensors: {describe(error)}"
        raise PredictionError(message, model_traceback(error)) from error


def _fields(names: List[str], table: _Table, declared: List[Field]) -> List[Field]:
    """Tell the columns of a result: the declared ones in its order, or what its cells say."""
    if len(declared) == table.width:
        return _in_order(names, declared)
    if len(names) != table.width:
        names = [f"output-{index}" for index in range(table.width)]
    return [Field(name, _kind(table.column(index)), True, None) for index, name in enumerate(names)]  # noqa: FBT003


def _in_order(names: List[str], declared: List[Field]) -> List[Field]:
    if sorted(names) != sorted(field.name for field in declared):
        return declared
    by_name: Dict[str, List[Field]] = {}
    for field in declared:
        by_name.setdefault(field.name, []).append(field)
    return [by_name[name].pop(0) for name in names]


def _kind(cells: List[Any]) -> str:
    types = types_of(cells)
    if types == {bool}:
        return "boolean"
    return "number" if types <= NUMBERS else "string"


def _columns(fields: List[Field]) -> List[Layout]:
    names = unique_names([field.name for field in fields])
    return [Layout(names[index], datatype_of(field), [index]) for index, field in enumerate(fields)]


def _chosen(tensors: List[Layout], columns: List[Layout], names: Optional[Sequence[str]]) -> List[Layout]:
    if names is None:
        return tensors
    by_name = {each.name: each for each in columns + tensors}
    for name in names:
        if name not in by_name:
            known = ", ".join(quoted(each.name) for each in tensors[:_NAMES_SHOWN])
            raise DocumentError(f"output {quoted(name)} is unknown, the model has {known}", "unknown_output")
    return [by_name[name] for name in names]


_NAMES_SHOWN = 20


def _tensor(layout: Layout, table: _Table) -> OutputTensor:
    width = len(layout.columns)
    cells = table.cells if width == table.width else table.column(layout.columns[0])
    datatype, elements = fit(cells, layout.datatype)
    return OutputTensor(layout.name, datatype, table.rows, width, elements)
