"""Documents of many numbers, read and written by the front where it has time to spare.

A single worker is busy long before the front is. So the front reads a matrix of numbers with orjson and hands
it on in Python's own form, and makes the text of the numbers that come back: both cost it less than half of
what they would cost the worker, who has the standard library only. Whatever is not plainly such a document,
a wrong one above all, goes to the worker as it came: there is one place that explains mistakes.
"""

import marshal
from array import array
from typing import Any, Optional

try:
    import orjson as _orjson
except ImportError:
    orjson: Any = None
else:
    orjson = _orjson

_LEAST_BYTES, _MOST_BYTES = 1024, 256 * 1024
_MEMBERS = frozenset(["columns", "data"])
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")
# orjson makes floats of integers that do not fit into 64 bits.
_LONG_INTEGER = b"0" * 19


def front_reads_numbers(workers: int) -> bool:
    """Tell whether the front has the time, and orjson, of which not every Python has a wheel.

    At 100 rows a request takes the front about half the time that it takes a worker, and twice the time
    that it takes the front without this: for several workers one front would be too slow.
    """
    return orjson is not None and workers == 1


def read_numbers(body: bytes) -> Optional[bytes]:
    """Read a matrix document whose cells are all numbers.

    Args:
        body: a request as it came.

    Returns:
        ``(columns or None, rows)`` by `marshal`, or None where the worker has to look at it itself.
    """
    if not _LEAST_BYTES <= len(body) <= _MOST_BYTES:
        return None
    try:
        document = orjson.loads(body)
    except ValueError:
        return None
    if type(document) is not dict or not document.keys() <= _MEMBERS:
        return None
    columns, rows = document.get("columns"), document.get("data")
    if type(rows) is not list or (columns is not None and type(columns) is not list):
        return None
    return marshal.dumps((columns, rows)) if _is_plain(body, document, columns, rows) else None


def _is_plain(body: bytes, document: Any, columns: Any, rows: Any) -> bool:
    """Tell by its characters whether a document names each member once, and holds rows of numbers only."""
    names = 0 if columns is None else len(columns)
    return (
        body.count(b'"') == 2 * (len(document) + names)
        and body.count(b"[") == 1 + len(rows) + (columns is not None)
        and body.count(b"{") == 1
        and not (b"null" in body or b"true" in body or b"false" in body)
        and _LONG_INTEGER not in body.translate(_DIGITS_TO_ZERO)
    )


def write_numbers(answer: bytes, split: int) -> bytes:
    """Write the result document of a matrix of numbers.

    Args:
        answer: a worker's: ``[width, columns]`` as JSON, then the cells as doubles, row by row.
        split: size of the JSON.
    """
    width, columns = orjson.loads(answer[:split])
    doubles = array("d")
    doubles.frombytes(answer[split:])
    cells = doubles.tolist()
    rows = [cells[begin : begin + width] for begin in range(0, len(cells), width)]
    return bytes(orjson.dumps({"prediction": rows, "columns": columns}))
