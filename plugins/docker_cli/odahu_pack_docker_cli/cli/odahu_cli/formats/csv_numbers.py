"""CSV that holds numbers only, read the fast way: into an array, or by the parser of JSON."""

import json
from typing import Any, List, Optional, Sequence

from gppi_runtime import DocumentError, MatrixRequest, read_json

from .array_readers import ArrayReader
from .csv_cells import whole
from .csv_dialect import Dialect
from .reading import FLOAT, NUMBERS

_NUMBER, _INTEGER = "number", "integer"
_OF_NUMBERS = b"0123456789+-.eE\r\n"
# All whole numbers below are themselves as 64-bit floating point.
_LARGEST_EXACT = 2**53


class NumberReader:
    """Reads records of numbers.

    What it cannot read to the letter as the slow way would, it leaves to that.

    Args:
        dialect: of the file.
        types: of each column.
    """

    def __init__(self, dialect: Dialect, types: Sequence[Optional[str]]) -> None:
        self._delimiter = dialect.delimiter
        self._width = dialect.width
        self._kinds = set(types)
        self._of_numbers = _OF_NUMBERS + dialect.delimiter.encode("utf-8")
        self._arrays = ArrayReader()

    def array(self, content: bytes, rows: int) -> Optional[Any]:
        """Read an array of so many rows, or None; only columns that the model calls numbers make one."""
        if not rows or not self._kinds <= {_NUMBER, _INTEGER} or not self._is_plain(content):
            return None
        array = self._arrays.read(content, self._delimiter, self._width)
        if array is None or len(array) != rows:
            return None
        if _INTEGER in self._kinds and max(array.max(), -array.min()) >= _LARGEST_EXACT:
            return None
        return array

    def lists(self, content: bytes, rows: int) -> Optional[List[List[Any]]]:
        """Read so many lists of numbers, or None."""
        if self._kinds not in ({_NUMBER}, {None}) or not self._is_plain(content):
            return None
        text = content.rstrip().replace(b"\n", b"],[").replace(self._delimiter.encode("utf-8"), b",")
        try:
            lists: List[List[Any]] = self._parse(b"[[" + text + b"]]")
        except (ValueError, DocumentError):
            return None
        return lists if len(lists) == rows and set(map(len, lists)) == {self._width} else None

    def _parse(self, text: bytes) -> Any:
        return (
            json.loads(text.decode("utf-8"), parse_int=float) if _NUMBER in self._kinds else read_json(text)
        )

    def _is_plain(self, content: bytes) -> bool:
        if b"\r" in content and content.count(b"\r") != content.count(b"\r\n"):
            return False
        return not content.translate(None, self._of_numbers)


def array_as_lists(array: Any, columns: Optional[List[str]], types: Sequence[Optional[str]]) -> MatrixRequest:
    """Return the request that the same text makes without an array."""
    if _INTEGER not in types:
        return MatrixRequest(array.tolist(), columns, FLOAT)
    values = [
        list(map(whole, cells)) if type_name == _INTEGER else cells
        for cells, type_name in zip(array.T.tolist(), types)
    ]
    rows = list(map(list, zip(*values)))
    return MatrixRequest(rows, columns, NUMBERS)
