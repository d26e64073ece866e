"""TensorFlow's element types and shapes, as its protobuf messages have them.

Field numbers: ``types.proto`` and ``tensor_shape.proto`` of
https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/framework
"""

from __future__ import annotations

from typing import Final

from .wire import Field, WireReader

_DATA_TYPES: Final = {
    1: "TYPE_FP32",
    2: "TYPE_FP64",
    3: "TYPE_INT32",
    4: "TYPE_UINT8",
    5: "TYPE_INT16",
    6: "TYPE_INT8",
    7: "TYPE_STRING",
    9: "TYPE_INT64",
    10: "TYPE_BOOL",
    17: "TYPE_UINT16",
    19: "TYPE_FP16",
    22: "TYPE_UINT32",
    23: "TYPE_UINT64",
}
_FOREIGN_TYPES: Final = {8: "complex64", 14: "bfloat16", 18: "complex128", 20: "resource", 21: "variant"}
_SHAPE: Final = {2: "dim", 3: "unknown_rank"}
_DIM: Final = {1: "size"}
_MOST_DIMS: Final = 254
"""What TensorFlow allows."""


def data_type_of(number: int) -> tuple[str, str]:
    """Return Triton's name of an element type and, where it has none, TensorFlow's."""
    if not number or number in _DATA_TYPES:
        return _DATA_TYPES.get(number, ""), ""
    return "", _FOREIGN_TYPES.get(number, f"type {number}")


def read_shape(wire: WireReader, shape: Field) -> tuple[int, ...] | None:
    """Return the sizes of a ``TensorShapeProto``; None where the number of dimensions is not known."""
    sizes: list[int] = []
    is_unknown = False
    for name, part in wire.named(_SHAPE, shape):
        if name == "unknown_rank":
            is_unknown = bool(part.value)
        elif len(sizes) == _MOST_DIMS:
            raise wire.fault(f"more than {_MOST_DIMS} dimensions", part.start)
        else:
            sizes.append(_read_size(wire, part))
    return None if is_unknown else tuple(sizes)


def _read_size(wire: WireReader, dim: Field) -> int:
    size = 0
    for _, part in wire.named(_DIM, dim):
        size = max(part.signed, -1)
    return size
