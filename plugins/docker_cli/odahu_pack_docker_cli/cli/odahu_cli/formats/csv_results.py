"""Results as CSV."""

import csv
import importlib
import io
import json
import math
import sys
from typing import Any, BinaryIO, List, NamedTuple, Optional

from gppi_runtime import PredictionError
from gppi_runtime.json_writer import is_number_array

from .answers import check_widths, columns_changed, numbers, plain_rows
from .writing import OutputFormat, Renderer, Serializer, Sink


class CsvPart(NamedTuple):
    """Records, and the names of their columns, where there are any, as CSV."""

    header: bytes
    records: bytes


class CsvRenderer(Renderer):
    """Writes a record for each row or object; null is an empty cell, lists and objects are JSON."""

    def render(self, document: Any, serializer: Serializer) -> CsvPart:
        """Render an answer."""
        rows = document["prediction"]
        if "columns" not in document:
            return _objects(plain_rows(rows, serializer))
        names = document["columns"]
        header = _records([names]) if names else b""
        check_widths(rows[:1] if is_number_array(rows) else rows, names)
        if is_number_array(rows):
            written = _by_pyarrow(rows)
            if written is not None:
                return CsvPart(header, written)
        found = numbers(rows, serializer)
        if found:
            return CsvPart(header, (found.joined(",", "\n") + "\n").encode("ascii"))
        return CsvPart(header, _records(plain_rows(rows, serializer)))


def _by_pyarrow(array: Any) -> Optional[bytes]:
    """Write finite numbers faster, if pyarrow is loaded anyway: 5 for 5.0, but each reads back as itself."""
    arrow = sys.modules.get("pyarrow")
    if arrow is None or not len(array) or not math.isfinite(float(abs(array).max())):
        return None
    writer: Any = importlib.import_module("pyarrow.csv")
    if array.dtype.kind == "f":
        array = array.astype("float64", copy=False)
    table = arrow.table({str(number): cells for number, cells in enumerate(array.T)})
    records = arrow.BufferOutputStream()
    writer.write_csv(table, records, writer.WriteOptions(include_header=False))
    written: bytes = records.getvalue().to_pybytes()
    return written


def _objects(objects: List[Any]) -> CsvPart:
    if not objects:
        return CsvPart(b"", b"")
    names = list(objects[0]) if isinstance(objects[0], dict) else []
    for each in objects:
        if not isinstance(each, dict) or set(each) != set(names):
            raise PredictionError("answers with different members do not fit into CSV: choose JSON Lines")
    return CsvPart(_records([names]), _records([[each[name] for name in names] for each in objects]))


def _records(rows: List[List[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: Any) -> Any:
    if isinstance(value, (bool, list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return value


class CsvSink(Sink):
    """Writes records.

    Args:
        file: where to.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._header: Optional[bytes] = None

    def write(self, rendered: CsvPart) -> None:
        """Add an answer."""
        if self._header is None:
            self._file.write(rendered.header)
            self._header = rendered.header
        if rendered.header != self._header:
            raise columns_changed()
        self._file.write(rendered.records)

    def close(self) -> None:
        """Do nothing: each record is whole."""


class CsvOutput(OutputFormat):
    """Records with a header."""

    name = "csv"
    suffix = ".csv"
    renderer = CsvRenderer()

    def open(self, file: BinaryIO, mode: str) -> Sink:  # noqa: ARG002  # the first record tells it
        """Begin to write."""
        return CsvSink(file)
