"""Matrices of numbers in the forms that the front reads and writes faster than JSON can be here."""

import marshal
from array import array
from itertools import chain
from math import isfinite
from typing import Any, Optional, Tuple

from gppi_runtime import MatrixRequest, Request, parse_request, write_json

_NUMBERS = frozenset([int, float])
_LEAST_CELLS = 32


def read_numbers(body: bytes, mode: str) -> Request:
    """Read the front's ``(columns or None, rows)`` whose cells are all numbers.

    Raises:
        DocumentError: the rows differ in width, or the model takes no matrix.
    """
    columns, rows = marshal.loads(body)  # noqa: S302 - the front has made it
    request = parse_request({"columns": columns, "data": rows}, mode)
    return request._replace(kinds=_NUMBERS) if isinstance(request, MatrixRequest) else request


def write_numbers(document: Any) -> Optional[Tuple[bytes, int]]:
    """Write a result document for the front.

    Args:
        document: of a model's prediction.

    Returns:
        ``[width, columns]`` as JSON with the cells as doubles behind it, and the size of the JSON; None for a
        document that is better written as JSON: a small one, or one with a cell that is no finite float.
    """
    rows = document["prediction"]
    if "columns" not in document or len(rows) < _LEAST_CELLS:
        return None
    cells = list(chain.from_iterable(rows))
    widths = set(map(len, rows))
    # One cell that is not finite makes the sum so.
    if len(widths) > 1 or set(map(type, cells)) != {float} or not isfinite(sum(cells)):
        return None
    head = write_json([widths.pop(), document["columns"]])
    return head + array("d", cells).tobytes(), len(head)
