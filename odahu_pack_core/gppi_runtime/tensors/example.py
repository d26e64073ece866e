"""A request of tensors to begin with, for those who try a model out."""

import json
from typing import Any, Dict

from ..request import MATRIX
from ..schema import example_request
from ..signature import Signature
from .datatypes import BOOL, BYTES, INT64
from .layout import Layout, input_layout

_LARGEST = 2**63 - 1


def example_inference(mode: str, signature: Signature) -> Dict[str, Any]:
    """Make a request that is not refused, with one row of the model's own examples.

    Args:
        mode: the model's prediction mode.
        signature: what it says about itself; without inputs the request is one that could be meant.

    Returns:
        A request of the protocol, all in JSON.
    """
    request = example_request(mode, signature)
    cells = request["data"][0] if mode == MATRIX else request["objects"]
    return {"inputs": [_tensor(layout, cells) for layout in input_layout(mode, signature)]}


def _tensor(layout: Layout, cells: Any) -> Dict[str, Any]:
    columns = layout.columns or range(len(cells))
    data = [_element(cells[column], layout.datatype) for column in columns]
    return {"name": layout.name, "shape": [1, len(data)], "datatype": layout.datatype, "data": data}


def _element(cell: Any, datatype: str) -> Any:
    if datatype == BYTES:
        return cell if isinstance(cell, str) else json.dumps(cell)
    if datatype == BOOL:
        return bool(cell)
    if datatype == INT64:
        # A model that calls a column one of whole numbers may give a fraction as its example.
        return max(-_LARGEST, min(int(cell), _LARGEST))
    return cell
