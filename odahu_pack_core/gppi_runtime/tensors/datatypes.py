"""The datatypes of tensors, and their elements as the binary data extension lays them out.

Elements are little-endian, row by row, without gaps; an element of BYTES is a length of four bytes and the
text. https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

import struct
from typing import Any, List, Sequence, Tuple, Union

from ..errors import DocumentError

BOOL, INT64, FP64, BYTES = "BOOL", "INT64", "FP64", "BYTES"
_BF16 = "BF16"

INTEGERS = {
    "INT8": (-(2**7), 2**7 - 1),
    "INT16": (-(2**15), 2**15 - 1),
    "INT32": (-(2**31), 2**31 - 1),
    INT64: (-(2**63), 2**63 - 1),
    "UINT8": (0, 2**8 - 1),
    "UINT16": (0, 2**16 - 1),
    "UINT32": (0, 2**32 - 1),
    "UINT64": (0, 2**64 - 1),
}
"""The least and the greatest number of each datatype of whole numbers."""

FRACTIONS = frozenset(["FP16", _BF16, "FP32", FP64])
DATATYPES = frozenset([BOOL, BYTES]).union(INTEGERS, FRACTIONS)

# The codes of `struct`; BF16 is the upper half of an FP32.
_CODES = {
    BOOL: "?",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    INT64: "q",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "FP16": "e",
    _BF16: "H",
    "FP32": "f",
    FP64: "d",
}
_LENGTH = struct.Struct("<I")

Bytes = Union[bytes, memoryview]


def unpack(datatype: str, raw: Bytes, count: int) -> List[Any]:
    """Read the elements of a tensor from their binary form.

    Args:
        datatype: one of `DATATYPES`.
        raw: exactly the bytes of the tensor.
        count: how many elements the tensor's shape asks for.

    Returns:
        Booleans, integers, floats or text.

    Raises:
        DocumentError: the bytes are not so many elements, or a text is not UTF-8.
    """
    if datatype == BYTES:
        return _unpack_texts(raw, count)
    code = _CODES[datatype]
    expected = count * struct.calcsize("<" + code)
    if len(raw) != expected:
        raise DocumentError(f"has {len(raw)} bytes, its shape and datatype ask for {expected}")
    elements = struct.unpack(f"<{count}{code}", raw)
    return list(_widened(elements) if datatype == _BF16 else elements)


def pack(datatype: str, elements: Sequence[Any]) -> bytes:
    """Write the elements of a tensor in their binary form.

    Args:
        datatype: BOOL, INT64, FP64 or BYTES.
        elements: booleans, integers, floats or text; a text that is None is empty.
    """
    if datatype == BYTES:
        texts = [(each or "").encode("utf-8", "backslashreplace") for each in elements]
        return b"".join([part for text in texts for part in (_LENGTH.pack(len(text)), text)])
    return struct.pack(f"<{len(elements)}{_CODES[datatype]}", *elements)


def _widened(halves: Tuple[int, ...]) -> Tuple[float, ...]:
    count = len(halves)
    return struct.unpack(f"<{count}f", struct.pack(f"<{count}I", *[half << 16 for half in halves]))


def _unpack_texts(raw: Bytes, count: int) -> List[str]:
    if count * _LENGTH.size > len(raw):
        raise DocumentError(f"has {len(raw)} bytes, too few for {count} texts")
    view = memoryview(raw)
    texts, end = [], 0
    for number in range(1, count + 1):
        start = end + _LENGTH.size
        if start <= len(view):
            end = start + _LENGTH.unpack_from(view, end)[0]
        if start > len(view) or end > len(view):
            raise DocumentError(f"ends within text {number}")
        texts.append(_text(view[start:end], number))
    if end != len(view):
        raise DocumentError(f"has {len(view) - end} bytes behind its last text")
    return texts


def _text(raw: memoryview, number: int) -> str:
    try:
        return str(raw, "utf-8")
    except UnicodeDecodeError:
        raise DocumentError(f"has a text {number} that is not UTF-8") from None
