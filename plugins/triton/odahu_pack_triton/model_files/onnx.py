"""ONNX graphs: inputs, outputs, operator sets and files with weights.

Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Final

from .faults import ModelFileError
from .signature import ModelSignature, TensorSignature
from .wire import Field, WireReader

_MODEL: Final = {1: "ir_version", 7: "graph", 8: "opset_import"}
_OPSET: Final = {1: "domain", 2: "version"}
_GRAPH: Final = {5: "initializer", 11: "input", 12: "output", 15: "sparse_initializer"}
_TENSOR: Final = {8: "name", 13: "external_data", 14: "data_location"}
_SPARSE_TENSOR: Final = {1: "values"}
_ENTRY: Final = {1: "key", 2: "value"}
_VALUE: Final = {1: "name", 2: "type"}
_TYPE: Final = {
    1: "tensor",
    4: "sequence",
    5: "map",
    7: "opaque type",
    8: "sparse tensor",
    9: "optional",
}
_TENSOR_TYPE: Final = {1: "elem_type", 2: "shape"}
_SHAPE: Final = {1: "dim"}
_DIM: Final = {1: "dim_value", 2: "dim_param"}

_DATA_TYPES: Final = {
    1: "TYPE_FP32",
    2: "TYPE_UINT8",
    3: "TYPE_INT8",
    4: "TYPE_UINT16",
    5: "TYPE_INT16",
    6: "TYPE_INT32",
    7: "TYPE_INT64",
    8: "TYPE_STRING",
    9: "TYPE_BOOL",
    10: "TYPE_FP16",
    11: "TYPE_FP64",
    12: "TYPE_UINT32",
    13: "TYPE_UINT64",
}
"""What the backend has of ``TensorProto.DataType``; source: onnxruntime_backend, src/onnxruntime_utils.cc."""
_FOREIGN_TYPES: Final = {14: "complex64", 15: "complex128", 16: "bfloat16", 21: "uint4", 22: "int4"}
_EXTERNAL: Final = 1
_FIRST_IR_WITH_OPTIONAL_INPUTS: Final = 4
_MOST_DIMS: Final = 64


@dataclass(frozen=True)
class OnnxModel:
    """What a graph says of itself.

    Args:
        signature: Its inputs and outputs.
        ir_version: The version of the format.
        opsets: The version of each operator set by its domain; that of ONNX itself is empty.
        external_files: The files that hold weights, relative to the graph's own folder.
    """

    signature: ModelSignature
    ir_version: int
    opsets: Mapping[str, int]
    external_files: tuple[str, ...]


def read_onnx(stream: BinaryIO, file: str) -> OnnxModel:
    """Read an ONNX graph, but not its weights.

    Args:
        stream: The file, in which one can jump.
        file: What errors call it.

    Raises:
        ModelFileError: It is no ONNX graph.
    """
    wire = WireReader(stream, file)
    ir_version, graph = 0, None
    opsets: dict[str, int] = {}
    for name, part in wire.named(_MODEL):
        if name == "ir_version":
            ir_version = part.signed
        elif name == "graph":
            graph = _read_graph(wire, part)
        else:
            opsets.update([_read_opset(wire, part)])
    if graph is None:
        raise ModelFileError("no ONNX model: it has no graph", file)
    return OnnxModel(graph.signature(file, ir_version), ir_version, opsets, tuple(graph.external))


@dataclass
class _Graph:
    """What is met on the way through a graph; dictionaries keep its order."""

    inputs: dict[str, TensorSignature] = field(default_factory=dict)
    outputs: dict[str, TensorSignature] = field(default_factory=dict)
    initializers: set[str] = field(default_factory=set)
    external: dict[str, None] = field(default_factory=dict)

    def signature(self, file: str, ir_version: int) -> ModelSignature:
        given = [tensor for name, tensor in self.inputs.items() if name not in self.initializers]
        optional = [tensor for name, tensor in self.inputs.items() if name in self.initializers]
        if ir_version < _FIRST_IR_WITH_OPTIONAL_INPUTS:  # every initializer was an input, and a constant
            optional = []
        return ModelSignature(file, tuple(given), tuple(self.outputs.values()), tuple(optional))


def _read_graph(wire: WireReader, graph: Field) -> _Graph:
    read = _Graph()
    for name, part in wire.named(_GRAPH, graph):
        if name == "input":
            tensor = _read_value(wire, part)
            read.inputs[tensor.name] = tensor
        elif name == "output":
            tensor = _read_value(wire, part)
            read.outputs[tensor.name] = tensor
        elif name == "initializer":
            _read_initializer(wire, part, read)
        else:
            for _, values in wire.named(_SPARSE_TENSOR, part):
                _read_initializer(wire, values, read)
    return read


def _read_initializer(wire: WireReader, tensor: Field, graph: _Graph) -> None:
    is_external, location = False, ""
    for name, part in wire.named(_TENSOR, tensor):
        if name == "name":
            graph.initializers.add(wire.text(part))
        elif name == "data_location":
            is_external = part.value == _EXTERNAL
        else:
            entry = {key: wire.text(text) for key, text in wire.named(_ENTRY, part)}
            if entry.get("key") == "location":
                location = entry.get("value", "")
    if is_external:
        graph.external[location] = None


def _read_opset(wire: WireReader, opset: Field) -> tuple[str, int]:
    domain, version = "", 1
    for name, part in wire.named(_OPSET, opset):
        if name == "domain":
            domain = wire.text(part)
        else:
            version = part.signed
    return ("" if domain == "ai.onnx" else domain), version


def _read_value(wire: WireReader, value: Field) -> TensorSignature:
    called, tensor = "", TensorSignature("")
    for name, part in wire.named(_VALUE, value):
        if name == "name":
            called = wire.text(part)
        else:
            tensor = _read_type(wire, part)
    return replace(tensor, name=called)


def _read_type(wire: WireReader, type_: Field) -> TensorSignature:
    tensor = TensorSignature("")
    for name, part in wire.named(_TYPE, type_):
        tensor = _read_tensor_type(wire, part) if name == "tensor" else TensorSignature("", foreign=name)
    return tensor


def _read_tensor_type(wire: WireReader, type_: Field) -> TensorSignature:
    element, dims = 0, None
    for name, part in wire.named(_TENSOR_TYPE, type_):
        if name == "elem_type":
            element = part.value
        else:
            dims = _read_shape(wire, part)
    data_type = _DATA_TYPES.get(element, "")
    foreign = "" if data_type or not element else _FOREIGN_TYPES.get(element, f"type {element}")
    if dims is None:
        return TensorSignature("", data_type, foreign=foreign)
    shape, axes = tuple(size for size, _ in dims), tuple(name for _, name in dims)
    return TensorSignature("", data_type, shape, axes, foreign)


def _read_shape(wire: WireReader, shape: Field) -> list[tuple[int, str]]:
    dims: list[tuple[int, str]] = []
    for _, dim in wire.named(_SHAPE, shape):
        if len(dims) == _MOST_DIMS:
            raise wire.fault(f"more than {_MOST_DIMS} dimensions", dim.start)
        dims.append(_read_dim(wire, dim))
    return dims


def _read_dim(wire: WireReader, dim: Field) -> tuple[int, str]:
    """Return a size, -1 where it varies, and the name of one that does."""
    size, called = -1, ""
    for name, part in wire.named(_DIM, dim):
        if name == "dim_value":
            size, called = max(part.signed, -1), ""
        else:
            size, called = -1, wire.text(part)
    return size, called
