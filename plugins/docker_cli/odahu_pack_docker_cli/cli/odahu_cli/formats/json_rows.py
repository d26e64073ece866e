"""Rows and objects of a JSON document: cut from its array, and parsed."""

from typing import Any, Iterator, List, NamedTuple, Optional

from gppi_runtime import (
    MATRIX,
    DocumentError,
    MatrixRequest,
    Position,
    Request,
    RowError,
    parse_request,
    read_json_tolerantly,
)

from .cursor import Cursor
from .json_elements import Elements, find_elements, value_end
from .lines import Cut, Sight, Window
from .reading import NUMBERS, Batch, Parser, Piece, Place, locating, misread, moved

# Of strings, true, false, null and objects.
_NO_NUMBERS = (b'"', b"t", b"f", b"n", b"{")


class JsonRows(NamedTuple):
    """The content of a piece.

    Args:
        text: elements and the commas between them.
        columns: what stands in the document, or None.
        width: cells in the first row of all, where no columns tell it.
    """

    text: bytes
    columns: Any
    width: Optional[int]


def elements(cursor: Cursor, pair: bytes, commas: List[Position], chunk_rows: int) -> Iterator[Cut]:
    """Cut the elements of an array into parts and move behind the array.

    Args:
        cursor: at the opening bracket.
        pair: the brackets of each element.
        commas: where to note a trailing comma.
        chunk_rows: about how many elements to a part.

    Raises:
        InputError: the text ends before the array.
    """
    cursor.take(1)
    window = Window(chunk_rows)
    window.fit(cursor, lambda text: _sight(_find(cursor, text, pair)))
    while cursor.peek() != b"]":
        found = _found(cursor, window.size, pair)
        start = cursor.place
        if found.closed == 0:
            raise cursor.error("expecting value")
        if found.closed is not None:
            yield Cut(cursor.take(found.closed), max(found.rows, 1), start)
            cursor.expect(b"]", "expecting ',' delimiter")
            return
        yield Cut(cursor.take(found.end), found.rows, start)
        window.learn(found.end, found.rows)
        commas += cursor.pass_comma(b"]")
    cursor.take(1)


def _sight(found: Elements) -> Sight:
    return Sight(found.end, found.rows, found.closed is not None)


def _found(cursor: Cursor, size: int, pair: bytes) -> Elements:
    """Find the elements in so many bytes, or in more, so that there is one or the array's end."""
    cursor.fill(size)
    while True:
        found = _find(cursor, cursor.text[:size], pair)
        if found.rows or found.closed is not None:
            return found
        if size >= len(cursor.text):
            _grow(cursor)
        size *= 2


def _find(cursor: Cursor, text: bytes, pair: bytes) -> Elements:
    try:
        return find_elements(text, pair)
    except DocumentError as error:
        raise cursor.error(error.message) from None


def _grow(cursor: Cursor) -> None:
    if cursor.ended:
        try:
            read_json_tolerantly(b"[" + cursor.text)
        except DocumentError as error:
            raise misread(cursor.name, error, cursor.place, 1) from None
    cursor.grow()


def first_width(text: bytes) -> Optional[int]:
    """Count the cells of the first row, if it is one."""
    try:
        row, _ = read_json_tolerantly(text[: value_end(text)])
    except DocumentError:
        return None  # The parser tells.
    return len(row) if isinstance(row, list) else None


class JsonRowsParser(Parser):
    """Parses what `elements` cut."""

    def parse(self, piece: Piece) -> Iterator[Batch]:
        """Parse a piece."""
        content: JsonRows = piece.content
        try:
            parsed, commas = read_json_tolerantly(b"[" + content.text + b"]")
        except DocumentError as error:
            raise misread(self._name, error, piece.start, 1) from None
        commas = [moved(comma, piece.start, 1) for comma in commas]
        kinds = NUMBERS if only_numbers(content.text, len(parsed)) else None
        size = self._options.chunk_rows
        for first in range(0, len(parsed), size):
            place = Place(self._name, piece.first_row + first, None)
            with locating(place):
                request = self._request(parsed[first : first + size], content)
            if isinstance(request, MatrixRequest):
                request = request._replace(kinds=kinds)
            yield Batch(request, place, () if first else commas)

    def _request(self, parsed: List[Any], content: JsonRows) -> Request:
        mode = self._options.mode
        if mode != MATRIX:
            return parse_request({"objects": parsed}, mode)
        check_first_width(parsed[0], content.width)
        return parse_request({"data": parsed, "columns": content.columns}, mode)


def check_first_width(row: Any, width: Optional[int]) -> None:
    """Compare the first row of a batch with the first of all.

    Raises:
        RowError: it has more cells or less.
    """
    if width is not None and isinstance(row, list) and len(row) != width:
        raise RowError("row", 1, f' of "data" has {len(row)} cells and row 1 has {width}')


def only_numbers(text: bytes, rows: int) -> bool:
    """Tell whether all cells in the JSON of some rows are numbers, without looking at each.

    Args:
        text: the rows; known to be valid.
        rows: how many there are.
    """
    return text.count(b"[") == rows and not any(mark in text for mark in _NO_NUMBERS)
