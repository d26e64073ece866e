"""The JSON document ``{"columns": […], "data": [[…]]}`` or ``{"objects": [{…}]}``, read in parts."""

import json
from typing import Any, BinaryIO, Dict, Iterator, List

from gppi_runtime import MATRIX, OBJECTS, DocumentError, Position, parse_request, read_json_tolerantly

from .cursor import Cursor
from .json_elements import value_end
from .json_rows import JsonRows, JsonRowsParser, elements, first_width
from .reading import InputError, InputFormat, Piece, ReadOptions, Source, misread, moved

_COLUMNS, _DATA = "columns", "data"
_ARRAYS = {_DATA: b"[]", OBJECTS: b"{}"}


class JsonFormat(InputFormat):
    """One document of any size."""

    name = "json"
    suffixes = (".json",)

    def open(self, file: BinaryIO, name: str, options: ReadOptions) -> Source:
        """Begin to read."""
        return JsonSource(file, name, options)


class JsonSource(Source):
    """A document being read.

    Its members may stand in any order. Only ``columns`` must be known before ``data``: where they follow,
    they are looked for first, which takes a file that can be read twice.

    Args:
        file: the document.
        name: of the file.
        options: how to read.
    """

    def __init__(self, file: BinaryIO, name: str, options: ReadOptions) -> None:
        super().__init__(JsonRowsParser(name, options))
        self._file = file
        self._name = name
        self._options = options
        self._begins = file.tell() if file.seekable() else None
        self._cursor = Cursor(file, name)
        self._known: Dict[str, Any] = {}

    def pieces(self) -> Iterator[Piece]:
        """Cut the document."""
        wanted = _DATA if self._options.mode == MATRIX else OBJECTS
        streamed = False
        for name in self._members():
            if name == wanted and self._cursor.text[:1] == b"[":
                self._look_ahead()
                yield from self._cut(_ARRAYS[wanted])
                streamed = True
                continue
            place = self._cursor.error('"columns" stand behind "data": in a stream they must come first')
            self._known[name] = read_value(self._cursor, self.commas)
            if name == _COLUMNS and streamed and wanted == _DATA and self._begins is None:
                raise place
        if not streamed:
            self._refuse(self._known)

    def _members(self) -> Iterator[str]:
        if self._cursor.peek() != b"{":
            self._refuse([] if self._cursor.text[:1] == b"[" else read_value(self._cursor, self.commas))
        for name in members(self._cursor, self.commas):
            self._known[name] = None
            yield name

    def _refuse(self, document: Any) -> None:
        try:
            parse_request(document, self._options.mode)
        except DocumentError as error:
            raise InputError(f"{self._name}: {error.message}") from None

    def _look_ahead(self) -> None:
        if self._begins is None or self._options.mode != MATRIX or _COLUMNS in self._known:
            return
        here = self._file.tell()
        self._file.seek(self._begins)
        cursor = Cursor(self._file, self._name)
        cursor.skip_space()
        for name in members(cursor, []):
            if name in _ARRAYS and cursor.text[:1] == b"[":
                for _ in elements(cursor, _ARRAYS[name], [], self._options.chunk_rows):
                    pass
            else:
                value = read_value(cursor, [])
                self._known.update({_COLUMNS: value} if name == _COLUMNS else {})
        self._file.seek(here)

    def _cut(self, pair: bytes) -> Iterator[Piece]:
        columns = self._known.get(_COLUMNS)
        if columns is not None and not (isinstance(columns, list) and set(map(type, columns)) <= {str}):
            self._refuse({_COLUMNS: columns, _DATA: [[]]})
        row, width = 1, None
        for cut in elements(self._cursor, pair, self.commas, self._options.chunk_rows):
            if columns is None and row == 1:
                width = first_width(cut.text)
            yield Piece(JsonRows(cut.text, columns, width), cut.rows, row, cut.start)
            row += cut.rows


def members(cursor: Cursor, commas: List[Position]) -> Iterator[str]:
    """Go through an object that ends its text.

    Whoever iterates takes the value of each name before asking for the next.

    Args:
        cursor: at the opening brace.
        commas: where to note trailing commas.

    Yields:
        A name, with the cursor at its value.

    Raises:
        InputError: the text is not JSON, or holds a name twice.
    """
    cursor.take(1)
    seen = set()
    while cursor.peek() != b"}":
        if cursor.text[:1] != b'"':
            raise cursor.error("expecting property name enclosed in double quotes")
        name = read_value(cursor, commas)
        if name in seen:
            raise cursor.error(f"the name {json.dumps(name)} occurs twice in one object")
        seen.add(name)
        cursor.expect(b":", "expecting ':' delimiter")
        cursor.skip_space()
        yield name
        commas += cursor.pass_comma(b"}")
    cursor.take(1)
    if cursor.peek():
        raise cursor.error("extra data")


def read_value(cursor: Cursor, commas: List[Position]) -> Any:
    """Read one value whole and move behind it.

    Args:
        cursor: at its first character.
        commas: where to note trailing commas.

    Raises:
        InputError: it is not JSON, or too large.
    """
    start = cursor.place
    try:
        end = value_end(cursor.text)
        while end is None and not cursor.ended:
            cursor.grow()
            end = value_end(cursor.text)
        value, found = read_json_tolerantly(cursor.take(len(cursor.text) if end is None else end))
    except DocumentError as error:
        raise misread(cursor.name, error, start) from None
    commas += [moved(comma, start) for comma in found]
    return value
