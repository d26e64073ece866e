"""Tensors of the Python backend, which are arrays of numpy, from and to those of the GPPI runtime."""

from typing import Any, Dict, List

import numpy as np
from gppi_runtime import DocumentError
from gppi_runtime.tensors import InputTensor, OutputTensor

_MOST_DIMENSIONS = 2
_TEXT_KINDS = "OSU"
_NUMERIC_KINDS = "biuf"
_NUMBER_KINDS = {"f": "FP", "i": "INT", "u": "UINT"}
_DTYPES: Dict[str, Any] = {"BOOL": np.bool_, "INT64": np.int64, "FP64": np.float64, "BYTES": np.object_}
_DECLARED: Dict[str, Any] = {
    "TYPE_BOOL": np.bool_,
    "TYPE_FP16": np.float16,
    "TYPE_FP32": np.float32,
    "TYPE_FP64": np.float64,
    "TYPE_INT8": np.int8,
    "TYPE_INT16": np.int16,
    "TYPE_INT32": np.int32,
    "TYPE_INT64": np.int64,
    "TYPE_UINT8": np.uint8,
    "TYPE_UINT16": np.uint16,
    "TYPE_UINT32": np.uint32,
    "TYPE_UINT64": np.uint64,
}


def input_tensor(name: str, array: Any) -> InputTensor:
    """Read an array as what a GPPI request is put together of.

    Raises:
        DocumentError: it has more dimensions than rows and columns, no row, or a text that is not UTF-8.
    """
    if not 1 <= array.ndim <= _MOST_DIMENSIONS or not array.size:
        raise DocumentError(
            f'tensor "{name}" has the shape {list(array.shape)}, expected rows, or rows and columns'
        )
    width = array.shape[1] if array.ndim == _MOST_DIMENSIONS else 1
    elements = array.reshape(-1).tolist()
    if array.dtype.kind in _TEXT_KINDS:
        return InputTensor(name, "BYTES", array.shape[0], width, _texts(name, elements))
    return InputTensor(name, _datatype(array.dtype), array.shape[0], width, elements)


def output_array(tensor: OutputTensor, declared: str) -> Any:
    """Make an array of a result.

    Args:
        tensor: one tensor of the result.
        declared: the data type that the configuration has for it, empty where it has none.

    Returns:
        An array of the declared type if that holds the numbers, else of the result's own.
    """
    elements = tensor.elements
    if tensor.datatype == "BYTES":
        elements = [_text(each) for each in elements]
    array = np.empty(len(elements), dtype=_DTYPES[tensor.datatype])
    array[:] = elements
    return _as_declared(array, declared).reshape(tensor.rows, tensor.width)


def _datatype(dtype: Any) -> str:
    if dtype.kind == "b":
        return "BOOL"
    return f"{_NUMBER_KINDS[dtype.kind]}{8 * dtype.itemsize}"


def _texts(name: str, elements: List[Any]) -> List[str]:
    try:
        return [str(each, "utf-8") if isinstance(each, bytes) else str(each) for each in elements]
    except UnicodeDecodeError:
        raise DocumentError(f'tensor "{name}" has a text that is not UTF-8') from None


def _text(element: Any) -> str:
    # Text, not bytes: the oldest releases write bytes as Python shows them. A lone surrogate has no UTF-8.
    return "" if element is None else element.encode("utf-8", "backslashreplace").decode("utf-8")


def _as_declared(array: Any, declared: str) -> Any:
    wanted = _DECLARED.get(declared)
    if wanted is None or array.dtype == wanted or array.dtype.kind not in _NUMERIC_KINDS:
        return array
    with np.errstate(all="ignore"):
        cast = array.astype(wanted)
        # Fractions may be rounded, but nothing becomes another whole number.
        is_held = cast.dtype.kind == "f" or bool((cast == array).all())
    return cast if is_held else array
