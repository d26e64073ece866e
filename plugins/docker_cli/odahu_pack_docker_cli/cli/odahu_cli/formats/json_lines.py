"""JSON Lines: on each line an object, a row, an object of cells by column, or a document of rows."""

import contextlib
from itertools import chain
from operator import itemgetter
from typing import Any, BinaryIO, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from gppi_runtime import (
    MATRIX,
    DocumentError,
    MatrixRequest,
    Position,
    Request,
    RowError,
    parse_request,
    read_json,
    read_json_tolerantly,
)
from gppi_runtime.errors import quoted
from gppi_runtime.request import shown

from .cursor import Cursor
from .json_rows import check_first_width
from .lines import filled_lines, records
from .reading import Batch, InputFormat, Parser, Piece, Place, ReadOptions, Source, locating, misread, moved

_DOCUMENT = {"columns", "data"}


class First(NamedTuple):
    """What the first line of all tells of the others.

    Args:
        names: of its members, if it is an object.
        width: cells in it, if it is a list.
        is_document: whether it is a document of rows, as all others then are.
    """

    names: Optional[List[str]] = None
    width: Optional[int] = None
    is_document: bool = False


class JsonLines(NamedTuple):
    """The content of a piece.

    Args:
        text: lines.
        first: what stands on the first line of all.
    """

    text: bytes
    first: First


class JsonLinesFormat(InputFormat):
    """A JSON value on each line."""

    name = "jsonl"
    suffixes = (".jsonl", ".ndjson")

    def open(self, file: BinaryIO, name: str, options: ReadOptions) -> Source:
        """Begin to read."""
        return JsonLinesSource(file, name, options)


class JsonLinesSource(Source):
    """Lines being read.

    Args:
        file: the lines.
        name: of the file.
        options: how to read.
    """

    def __init__(self, file: BinaryIO, name: str, options: ReadOptions) -> None:
        super().__init__(JsonLinesParser(name, options))
        self._cursor = Cursor(file, name)
        self._chunk_rows = options.chunk_rows

    def pieces(self) -> Iterator[Piece]:
        """Cut between lines."""
        row, first = 1, First()
        for cut in records(self._cursor, self._chunk_rows, _last_end, _filled):
            if row == 1:
                first = _first(cut.text)
            yield Piece(JsonLines(cut.text, first), cut.rows, row, cut.start)
            row += cut.rows


def _first(text: bytes) -> First:
    try:
        value, _ = read_json_tolerantly(text.lstrip().split(b"\n", 1)[0])
    except DocumentError:
        value = None  # The parser tells.
    names = list(value) if isinstance(value, dict) else None
    return First(names, len(value) if isinstance(value, list) else None, _is_document(value))


def _last_end(text: bytes) -> int:
    return text.rfind(b"\n") + 1


def _filled(text: bytes, lines: int) -> int:
    return filled_lines(text, lines, b" \t\r")


class JsonLinesParser(Parser):
    """Parses lines."""

    def __init__(self, name: str, options: ReadOptions) -> None:
        super().__init__(name, options)
        self._count_quotes = True

    def parse(self, piece: Piece) -> Iterator[Batch]:
        """Parse a piece."""
        values, lines, commas = self._values(piece)
        for request, place in self._requests(values, lines, piece):
            yield Batch(request, place, commas)
            commas = []

    def _values(self, piece: Piece) -> Tuple[List[Any], Sequence[int], List[Position]]:
        """Parse all lines at once; each by itself where that does not make one value of each."""
        text: bytes = piece.content.text.rstrip()
        lines = text.count(b"\n") + 1
        joined = _joined(text, lines)
        if joined is not None:
            with contextlib.suppress(DocumentError):
                values = self._read(b"[" + joined + b"]")
                if len(values) == lines:
                    return values, range(piece.start.line, piece.start.line + lines), []
        return self._by_line(text, piece.start)

    def _read(self, text: bytes) -> List[Any]:
        """Read an array; if all members are numbers, the quotes tell sooner that names are distinct."""
        if self._count_quotes:
            values: List[Any] = read_json(text, distinct_names=False)
            if set(map(type, values)) == {dict} and text.count(b'"') == 2 * sum(map(len, values)):
                return values
            self._count_quotes = False
        return list(read_json(text))

    def _by_line(self, text: bytes, start: Position) -> Tuple[List[Any], Sequence[int], List[Position]]:
        values, lines, commas = [], [], []
        for number, line in enumerate(text.split(b"\n"), start.line):
            if not line.strip():
                continue
            begin = Position(number, 1)
            try:
                value, found = read_json_tolerantly(line)
            except DocumentError as error:
                raise misread(self._name, error, begin) from None
            values.append(value)
            lines.append(number)
            commas += [moved(comma, begin) for comma in found]
        return values, lines, commas

    def _requests(
        self, values: List[Any], lines: Sequence[int], piece: Piece
    ) -> Iterator[Tuple[Request, Place]]:
        size = self._options.chunk_rows
        if self._options.mode == MATRIX and piece.content.first.is_document:
            for value, line in zip(values, lines):
                yield from self._document(value, line)
            return
        for first in range(0, len(values), size):
            place = Place(self._name, piece.first_row + first, lines[first : first + size])
            with locating(place):
                request = self._request(values[first : first + size], piece.content.first)
            yield request, place

    def _document(self, value: Any, line: int) -> Iterator[Tuple[Request, Place]]:
        """Take a line as a document of its own, whose rows are counted from 1."""
        size = self._options.chunk_rows
        with locating(Place(self._name, 1, [line] * (len(value["data"]) if _is_document(value) else 1))):
            request = parse_request(value, MATRIX)
        assert isinstance(request, MatrixRequest)  # noqa: S101  # by its mode
        for first in range(0, len(request.rows), size):
            part = request._replace(rows=request.rows[first : first + size])
            yield part, Place(self._name, first + 1, [line] * len(part.rows))

    def _request(self, values: List[Any], first: First) -> Request:
        if self._options.mode != MATRIX:
            return parse_request({"objects": values}, self._options.mode)
        if first.names is not None:
            declared = [field.name for field in self._options.fields]
            request: Request = _by_column(values, first.names, declared)
        else:
            check_first_width(values[0], first.width)
            request = parse_request({"data": values}, MATRIX)
        assert isinstance(request, MatrixRequest)  # noqa: S101  # by its mode
        return request._replace(kinds=frozenset(map(type, chain.from_iterable(request.rows))))


def _is_document(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("data"), list) and set(value) <= _DOCUMENT


def _joined(text: bytes, lines: int) -> Optional[bytes]:
    """Put commas between lines that each begin and end a flat list or object; None where others are.

    Other lines could make as many values only together: ``[1],[2`` and ``3]``.
    """
    for begin, end in ((b"[", b"]"), (b"{", b"}")):
        if text.startswith(begin) and text.count(begin) == lines:
            if b"\r" in text:  # a search for one byte takes next to no time
                text = text.replace(b"\r\n", b"\n")
            text = text.replace(end + b"\n" + begin, end + b"," + begin)
            return None if b"\n" in text else text
    return None


def _by_column(values: List[Any], first: List[str], declared: List[str]) -> MatrixRequest:
    """Make rows of objects that all have the members of the first, in the order of the model's columns."""
    known = [name for name in dict.fromkeys(declared) if name in first]
    columns = known + [name for name in first if name not in known]
    if set(map(type, values)) == {dict} and set(map(len, values)) == {len(columns)}:
        try:
            return MatrixRequest(_rows(values, columns), columns)
        except KeyError:
            pass  # The search below finds which.
    raise _first_unlike(values, columns)


def _rows(objects: List[Dict[str, Any]], columns: List[str]) -> List[List[Any]]:
    if len(columns) > 1:
        return list(map(list, map(itemgetter(*columns), objects)))
    return [[each[name] for name in columns] for each in objects]


def _first_unlike(values: List[Any], columns: List[str]) -> RowError:
    row, value = next(
        (number, each)
        for number, each in enumerate(values, 1)
        if not isinstance(each, dict) or set(each) != set(columns)
    )
    if not isinstance(value, dict):
        return RowError("row", row, f" is {shown(value)}, expected an object as before")
    missing = [name for name in columns if name not in value]
    if missing:
        return RowError("row", row, f" has no member {quoted(missing[0])}, as those before have")
    other = next(name for name in value if name not in columns)
    return RowError("row", row, f" has a member {quoted(other)}, which those before do not have")
