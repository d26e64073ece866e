"""TensorFlow SavedModels: their graphs' tags, their signatures, and whether they need variables.

Field numbers: ``saved_model.proto`` and ``meta_graph.proto`` of
https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/protobuf
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Final

from .faults import ModelFileError
from .signature import ModelSignature, TensorSignature
from .tensorflow_types import data_type_of, read_shape
from .wire import Field, WireReader

_SAVED_MODEL: Final = {2: "meta_graph"}
_META_GRAPH: Final = {1: "meta_info", 2: "graph", 5: "signature"}
_META_INFO: Final = {4: "tag"}
_GRAPH: Final = {1: "node"}
_NODE: Final = {2: "op"}
_ENTRY: Final = {1: "key", 2: "value"}
_SIGNATURE: Final = {1: "input", 2: "output"}
_TENSOR: Final = {2: "dtype", 3: "shape", 4: "sparse tensor", 5: "composite tensor"}
_VARIABLES: Final = frozenset({"VarHandleOp", "Variable", "VariableV2"})
_INTERNAL: Final = frozenset({"__saved_model_init_op", "__saved_model_train_op"})
DEFAULT_SIGNATURE: Final = "serving_default"
DEFAULT_TAG: Final = "serve"
_MOST_PARTS: Final = 10_000


@dataclass
class MetaGraph:
    """One of a SavedModel's graphs.

    Args:
        tags: What it is for, such as ``serve``.
        signatures: Inputs and outputs by the signature's name, in the order of the file.
        has_variables: Whether it reads variables, which lie in files of their own.
    """

    tags: list[str] = field(default_factory=list)
    signatures: dict[str, ModelSignature] = field(default_factory=dict)
    has_variables: bool = False

    def served(self, name: str = DEFAULT_SIGNATURE) -> dict[str, ModelSignature]:
        """Return what Triton may serve: the signature of this name, else any that is not TensorFlow's own.

        Args:
            name: The name that is asked for.

        Returns:
            By their names; none where Triton refuses the graph, several where it takes one of them.
        """
        if name in self.signatures:
            return {name: self.signatures[name]}
        return {other: known for other, known in self.signatures.items() if other not in _INTERNAL}


@dataclass(frozen=True)
class SavedModel:
    """What ``saved_model.pb`` says.

    Args:
        graphs: The graphs.
    """

    graphs: tuple[MetaGraph, ...]

    def graph(self, tag: str = DEFAULT_TAG) -> MetaGraph | None:
        """Return the graph with a tag, which Triton loads; None where there is none."""
        return next((graph for graph in self.graphs if tag in graph.tags), None)


def read_saved_model(stream: BinaryIO, file: str) -> SavedModel:
    """Read ``saved_model.pb``.

    Args:
        stream: The file, in which one can jump.
        file: What errors call it.

    Raises:
        ModelFileError: It is no SavedModel.
    """
    wire = WireReader(stream, file)
    graphs = [_read_graph(wire, part, file) for _, part in wire.named(_SAVED_MODEL)]
    if not graphs:
        raise ModelFileError("no SavedModel: it has no graph", file)
    return SavedModel(tuple(graphs))


def _read_graph(wire: WireReader, graph: Field, file: str) -> MetaGraph:
    read = MetaGraph()
    for name, part in wire.named(_META_GRAPH, graph):
        if name == "meta_info":
            read.tags += [wire.text(tag) for _, tag in wire.named(_META_INFO, part)]
        elif name == "graph":
            read.has_variables = _has_variables(wire, part)
        else:
            key, value = _read_entry(wire, part)
            if value is not None:
                read.signatures[key] = _read_signature(wire, value, file)
    return read


def _has_variables(wire: WireReader, graph: Field) -> bool:
    return any(
        wire.text(op) in _VARIABLES
        for _, node in wire.named(_GRAPH, graph)
        for _, op in wire.named(_NODE, node)
    )


def _read_signature(wire: WireReader, signature: Field, file: str) -> ModelSignature:
    tensors: Mapping[str, dict[str, TensorSignature]] = {"input": {}, "output": {}}
    for name, part in wire.named(_SIGNATURE, signature):
        key, value = _read_entry(wire, part)
        if len(tensors[name]) == _MOST_PARTS:
            raise wire.fault(f"more than {_MOST_PARTS} inputs or outputs", part.start)
        tensor = TensorSignature("") if value is None else _read_tensor(wire, value)
        tensors[name][key] = replace(tensor, name=key)
    inputs, outputs = (tuple(tensors[name].values()) for name in ("input", "output"))
    return ModelSignature(file, inputs, outputs)


def _read_tensor(wire: WireReader, tensor: Field) -> TensorSignature:
    data_type, foreign, shape = "", "", None
    for name, part in wire.named(_TENSOR, tensor):
        if name == "dtype":
            data_type, foreign = data_type_of(part.value)
        elif name == "shape":
            shape = read_shape(wire, part)
        else:
            foreign = name
    return TensorSignature("", data_type, shape, foreign=foreign)


def _read_entry(wire: WireReader, entry: Field) -> tuple[str, Field | None]:
    key, value = "", None
    for name, part in wire.named(_ENTRY, entry):
        if name == "key":
            key = wire.text(part)
        else:
            value = part
    return key, value
