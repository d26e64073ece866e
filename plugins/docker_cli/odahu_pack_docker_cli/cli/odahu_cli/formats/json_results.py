"""Results as JSON: one document as a server of the model answers it, or JSON Lines."""

from typing import Any, BinaryIO, List, NamedTuple, Optional

from gppi_runtime import MATRIX, write_json

from .answers import Numbers, columns_changed, numbers, plain_rows
from .writing import OutputFormat, Renderer, Serializer, Sink

_NEXT_LIST = "]\n["


class JsonPart(NamedTuple):
    """Rows or objects as JSON, without the brackets around them all; and the columns' names."""

    rows: bytes
    columns: Optional[bytes]


class JsonRenderer(Renderer):
    """Writes the elements of the array ``prediction``."""

    def render(self, document: Any, serializer: Serializer) -> JsonPart:
        """Render an answer."""
        rows = document["prediction"]
        found = numbers(rows, serializer) if "columns" in document else None
        if found:
            text = f"[{found.joined(', ', '], [')}]".encode("ascii")
        else:
            text = write_json(rows, serializer)[1:-1]
        columns = write_json(document["columns"], serializer) if "columns" in document else None
        return JsonPart(text, columns)


class JsonSink(Sink):
    """Writes one document.

    Args:
        file: where to.
        mode: the model's prediction mode.
    """

    def __init__(self, file: BinaryIO, mode: str) -> None:
        self._file = file
        self._columns = b"[]" if mode == MATRIX else None
        self._between = b'{"prediction": ['

    def write(self, rendered: JsonPart) -> None:
        """Add an answer."""
        if self._between == b", " and rendered.columns != self._columns:
            raise columns_changed()
        self._columns = rendered.columns
        if rendered.rows:
            self._file.writelines((self._between, rendered.rows))
            self._between = b", "

    def close(self) -> None:
        """Write the end of the document."""
        begin = b"" if self._between == b", " else self._between
        columns = b"" if self._columns is None else b', "columns": ' + self._columns
        self._file.write(begin + b"]" + columns + b"}\n")


class JsonOutput(OutputFormat):
    """``{"prediction": […], "columns": […]}``."""

    name = "json"
    suffix = ".json"
    renderer = JsonRenderer()

    def open(self, file: BinaryIO, mode: str) -> Sink:
        """Begin to write."""
        return JsonSink(file, mode)


class JsonLinesRenderer(Renderer):
    """Writes a line for each row: an object by column, or a list where names are missing or repeat."""

    def render(self, document: Any, serializer: Serializer) -> bytes:
        """Render an answer."""
        rows, names = document["prediction"], document.get("columns", [])
        found = numbers(rows, serializer) if "columns" in document else None
        if found and _name_all(names, found.width):
            return _numbered_objects(found, names)
        if found:
            return f"[{found.joined(', ', _NEXT_LIST)}]\n".encode("ascii")
        listed = plain_rows(rows, serializer)
        if "columns" in document:
            listed = [_by_name(names, row) for row in listed]
        return b"".join(write_json(value) + b"\n" for value in listed)


def _name_all(names: List[str], width: int) -> bool:
    return 0 < width == len(names) == len(set(names))


def _by_name(names: List[str], row: List[Any]) -> Any:
    return dict(zip(names, row)) if _name_all(names, len(row)) else row


def _numbered_objects(found: Numbers, names: List[str]) -> bytes:
    quoted = (write_json(name).decode("utf-8").replace("%", "%%") for name in names)
    line = "{" + ", ".join(f"{name}: %s" for name in quoted) + "}\n"
    text = line * (len(found.texts) // found.width) % tuple(found.texts)
    return text.encode("utf-8")


class JsonLinesSink(Sink):
    """Writes lines.

    Args:
        file: where to.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, rendered: bytes) -> None:
        """Add an answer."""
        self._file.write(rendered)

    def close(self) -> None:
        """Do nothing: each line is whole."""


class JsonLinesOutput(OutputFormat):
    """A JSON value on each line."""

    name = "jsonl"
    suffix = ".jsonl"
    renderer = JsonLinesRenderer()

    def open(self, file: BinaryIO, mode: str) -> Sink:  # noqa: ARG002  # the lines tell it
        """Begin to write."""
        return JsonLinesSink(file)
