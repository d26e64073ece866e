"""Frozen TensorFlow graphs: the nodes that can be inputs, and the names of all others.

Field numbers: ``graph.proto``, ``node_def.proto`` and ``attr_value.proto`` of
https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/framework
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final

from .faults import ModelFileError
from .signature import TensorSignature
from .tensorflow_types import data_type_of, read_shape
from .wire import Field, WireReader

_GRAPH: Final = {1: "node"}
_NODE: Final = {1: "name", 2: "op", 5: "attr"}
_ENTRY: Final = {1: "key", 2: "value"}
_VALUE: Final = {6: "dtype", 7: "shape"}
_INPUT: Final = "Placeholder"


@dataclass(frozen=True)
class GraphDef:
    """A graph's nodes, as Triton tells them apart.

    Args:
        inputs: The placeholders, each of which can be an input.
        others: The names of all other nodes, each of which can be an output.
    """

    inputs: tuple[TensorSignature, ...]
    others: frozenset[str]


def read_graph_def(stream: BinaryIO, file: str) -> GraphDef:
    """Read a frozen graph, but not its weights.

    Args:
        stream: The file, in which one can jump.
        file: What errors call it.

    Raises:
        ModelFileError: It is no graph.
    """
    wire = WireReader(stream, file)
    inputs: list[TensorSignature] = []
    others: set[str] = set()
    for _, node in wire.named(_GRAPH):
        name, placeholder = _read_node(wire, node)
        if placeholder is None:
            others.add(name)
        else:
            inputs.append(placeholder)
    if not inputs and not others:
        raise ModelFileError("no TensorFlow graph: it has no nodes", file)
    return GraphDef(tuple(inputs), frozenset(others))


def _read_node(wire: WireReader, node: Field) -> tuple[str, TensorSignature | None]:
    """Return a node's name and, where it is an input, what it takes."""
    name, op, attributes = "", "", []
    for kind, part in wire.named(_NODE, node):
        if kind == "name":
            name = wire.text(part)
        elif kind == "op":
            op = wire.text(part)
        elif op in {"", _INPUT}:  # op stands before the attributes wherever protobuf wrote the file
            attributes.append(part)
    if op != _INPUT:
        return name, None
    data_type, foreign, shape = "", "", None
    for attribute in attributes:
        for kind, part in _read_attribute(wire, attribute):
            if kind == "dtype":
                data_type, foreign = data_type_of(part.value)
            else:
                shape = read_shape(wire, part)
    return name, TensorSignature(name, data_type, shape, foreign=foreign)


def _read_attribute(wire: WireReader, entry: Field) -> list[tuple[str, Field]]:
    """Return the values of an attribute that says type or shape; none of any other."""
    key, values = "", []
    for name, part in wire.named(_ENTRY, entry):
        if name == "key":
            key = wire.text(part)
        else:
            values += [(kind, value) for kind, value in wire.named(_VALUE, part)]
    return [(kind, value) for kind, value in values if kind == key]
