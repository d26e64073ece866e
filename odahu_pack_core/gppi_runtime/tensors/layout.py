"""Which tensors a model has, by its signature alone.

A model of rows whose columns are all numbers has one tensor of them, in and out; otherwise each column is a
tensor. A model of objects has one tensor of JSON texts. The first dimension is the batch in all of them.
"""

from typing import Any, Dict, List, NamedTuple, Sequence

from ..facts import ModelFacts
from ..request import MATRIX
from ..signature import Field, Signature
from .datatypes import BOOL, BYTES, FP64, INT64

INPUT, OUTPUT = "input-0", "output-0"
"""The names of a tensor that stands for columns of several names, or of names that nobody knows."""
OBJECTS_INPUT, OBJECTS_OUTPUT = "objects", "prediction"

_PLATFORM = "odahu_gppi"
_ANY = -1
_DATATYPES = {"number": FP64, "integer": INT64, "boolean": BOOL}
_KINDS = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}


class Layout(NamedTuple):
    """One tensor and the columns that it holds.

    Args:
        name: its name, unique among the inputs or outputs of a model.
        datatype: BOOL, INT64, FP64 or BYTES.
        columns: the positions of its columns in the signature; empty where their number is not known.
    """

    name: str
    datatype: str
    columns: List[int]

    @property
    def shape(self) -> List[int]:
        """Rows and columns, -1 for what may be any number."""
        return [_ANY, len(self.columns) or _ANY]


def input_layout(mode: str, signature: Signature) -> List[Layout]:
    """Tell the tensors that a model takes.

    Whole numbers and fractions are one tensor of FP64: models are described by a first row of samples,
    and later rows hold fractions where it had none.

    Args:
        mode: the model's prediction mode.
        signature: what it says about itself; without inputs it is one tensor of FP64 of any width.
    """
    if mode != MATRIX:
        return [Layout(OBJECTS_INPUT, BYTES, [0])]
    datatypes = [datatype_of(field) for field in signature.inputs]
    if set(datatypes) == {INT64, FP64}:
        datatypes = [FP64] * len(datatypes)
    return _layout([field.name for field in signature.inputs], datatypes, INPUT)


def output_layout(mode: str, signature: Signature) -> List[Layout]:
    """Tell the tensors that a model answers with.

    Columns share a tensor only when they are of one type: a class and its probability stay apart.

    Args:
        mode: the model's prediction mode.
        signature: what it says about itself; without outputs it is one tensor of FP64 of any width.
    """
    if mode != MATRIX:
        return [Layout(OBJECTS_OUTPUT, BYTES, [0])]
    return column_layout(signature.outputs)


def column_layout(outputs: Sequence[Field]) -> List[Layout]:
    """Tell the tensors of result columns."""
    return _layout([field.name for field in outputs], [datatype_of(field) for field in outputs], OUTPUT)


def model_metadata(facts: ModelFacts, mode: str, signature: Signature) -> Dict[str, Any]:
    """Describe a model as ``GET /v2/models/NAME`` does.

    Args:
        facts: its name and version.
        mode: its prediction mode.
        signature: what it says about itself.
    """
    return {
        "name": facts.name,
        "versions": [facts.version],
        "platform": _PLATFORM,
        "inputs": [_description(each) for each in input_layout(mode, signature)],
        "outputs": [_description(each) for each in output_layout(mode, signature)],
    }


def kind_of(field: Field) -> str:
    """Tell what a column holds, as a type of Swagger.

    ODAHU's trainer calls booleans strings, and older models name no type: then the example tells.
    """
    if field.type is None or (field.type == "string" and isinstance(field.example, bool)):
        return _KINDS.get(type(field.example), "number")
    return field.type


def datatype_of(field: Field) -> str:
    """Tell the datatype of a column: text, and JSON as text, where it is neither number nor boolean."""
    return _DATATYPES.get(kind_of(field), BYTES)


def unique_names(names: Sequence[str]) -> List[str]:
    """Name each column apart: ``x, x, y`` are ``x, x-2, y``."""
    taken = set(names)
    numbers: Dict[str, int] = {}
    unique = []
    for name in names:
        number = numbers.get(name, 0) + 1
        candidate = name if number == 1 else f"{name}-{number}"
        while number > 1 and candidate in taken:
            number += 1
            candidate = f"{name}-{number}"
        numbers[name] = number
        taken.add(candidate)
        unique.append(candidate)
    return unique


def _layout(names: Sequence[str], datatypes: Sequence[str], shared_name: str) -> List[Layout]:
    if not names:
        return [Layout(shared_name, FP64, [])]
    if len(set(datatypes)) == 1 and datatypes[0] != BYTES:
        name = names[0] if len(set(names)) == 1 else shared_name
        return [Layout(name, datatypes[0], list(range(len(names))))]
    columns = zip(unique_names(names), datatypes)
    return [Layout(name, datatype, [index]) for index, (name, datatype) in enumerate(columns)]


def _description(tensor: Layout) -> Dict[str, Any]:
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape}
