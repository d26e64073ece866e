"""Rows of CSV: cut between records, and parsed by the fastest way that reads the same cells."""

import csv
import io
import re
import sys
from functools import partial
from itertools import chain
from typing import Any, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from gppi_runtime import MATRIX, MatrixRequest, ObjectsRequest, RowError
from gppi_runtime.errors import quoted

from .csv_cells import WrongCellError, convert
from .csv_dialect import Dialect
from .csv_numbers import NumberReader, array_as_lists
from .cursor import LARGEST_PART, decoded
from .lines import filled_lines
from .reading import FLOAT, NUMBERS, Batch, InputError, Parser, Piece, Place, ReadOptions, locating

_QUOTED = re.compile(rb'"[^"]*"')
_BLANK = b"\r"

# A cell may be as long as a row. The limit belongs to the whole interpreter and is only raised.
csv.field_size_limit(LARGEST_PART)


def last_end(text: bytes) -> int:
    """Find the end of the last complete record; 0 where there is none."""
    end = text.rfind(b"\n") + 1
    if b'"' not in text:
        return end
    quotes = text.count(b'"', 0, end)
    while end and quotes % 2:
        previous = text.rfind(b"\n", 0, text.rfind(b'"', 0, end)) + 1
        quotes -= text.count(b'"', previous, end)
        end = previous
    return end


def count_records(text: bytes, lines: int) -> int:
    """Count the records that are not blank in a text of so many lines."""
    if b'"' in text:
        text = _QUOTED.sub(b'"', text)
        lines = text.count(b"\n") + (not text.endswith(b"\n"))
    return filled_lines(text, lines, _BLANK)


class Columns(NamedTuple):
    """What is known of the columns.

    Args:
        types: of each, None where nobody tells.
        given: the names in the file's header, for the model; None where it has none.
        names: the header's names or else the model's, for messages and members; empty where nobody knows.
    """

    types: Sequence[Optional[str]]
    given: Optional[List[str]]
    names: Sequence[str]


class CsvParser(Parser):
    """Parses records.

    Args:
        name: of the input.
        options: how to read.
        dialect: what was found out about the file.
        columns: what is known of each column.
    """

    def __init__(self, name: str, options: ReadOptions, dialect: Dialect, columns: Columns) -> None:
        super().__init__(name, options)
        self._dialect = dialect
        self._columns = columns
        self._numbers = NumberReader(dialect, columns.types)

    def parse(self, piece: Piece) -> Iterator[Batch]:
        """Parse a piece."""
        if self._options.mode == MATRIX:
            yield from self._matrices(piece)
            return
        columns, lines = self._values(piece)
        names = self._columns.names
        objects = [dict(zip(names, row)) for row in zip(*columns)]
        for part, place in self._parts(objects, lines, piece):
            yield Batch(ObjectsRequest(part), place)

    def _matrices(self, piece: Piece) -> Iterator[Batch]:
        names = self._columns.given
        table = self._numbers.array(piece.content, piece.rows)
        lines: Sequence[int] = range(piece.start.line, sys.maxsize)
        if table is not None:
            for array, place in self._parts(table, lines, piece):
                as_lists = partial(array_as_lists, array, names, self._columns.types)
                if self._options.arrays:
                    yield Batch(MatrixRequest(array, names, FLOAT), place, (), as_lists)
                else:
                    yield Batch(as_lists(), place)
            return
        rows = self._numbers.lists(piece.content, piece.rows)
        kinds = NUMBERS
        if rows is None:
            columns, lines = self._values(piece)
            kinds = frozenset(map(type, chain.from_iterable(columns)))
            rows = list(map(list, zip(*columns)))
        for part, place in self._parts(rows, lines, piece):
            yield Batch(MatrixRequest(part, names, kinds), place)

    def _parts(self, rows: Any, lines: Sequence[int], piece: Piece) -> Iterator[Tuple[Any, Place]]:
        size = self._options.chunk_rows
        for first in range(0, len(rows), size):
            place = Place(self._name, piece.first_row + first, lines[first : first + size])
            yield rows[first : first + size], place

    def _values(self, piece: Piece) -> Tuple[List[List[Any]], Sequence[int]]:
        """Parse any records, column by column."""
        records, lines = self._records(piece)
        place = Place(self._name, piece.first_row, lines)
        with locating(place):
            self._check_widths(records)
            return [self._converted(cells, index) for index, cells in enumerate(zip(*records))], lines

    def _records(self, piece: Piece) -> Tuple[List[List[str]], Sequence[int]]:
        text = decoded(self._name, piece.content, piece.start)
        reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=self._dialect.delimiter, strict=True)
        records, lines, line = [], [], piece.start.line
        try:
            for record in reader:
                if record:
                    records.append(record)
                    lines.append(line)
                line = piece.start.line + reader.line_num
        except csv.Error as error:
            raise InputError(f"{self._name}:{line}: {error}") from None
        return records, lines

    def _check_widths(self, records: List[List[str]]) -> None:
        width = self._dialect.width
        if set(map(len, records)) <= {width}:
            return
        row, record = next((row, each) for row, each in enumerate(records, 1) if len(each) != width)
        first = "the header" if self._dialect.names else "row 1"
        raise RowError("row", row, f" has {len(record)} cells and {first} has {width}")

    def _converted(self, cells: Sequence[str], index: int) -> List[Any]:
        type_name = self._columns.types[index]
        try:
            return convert(cells, type_name)
        except WrongCellError as wrong:
            name = f" ({quoted(self._columns.names[index])})" if self._columns.names else ""
            problem = f"{quoted(cells[wrong.index])} is not of type {type_name}"
            raise RowError("row", wrong.index + 1, f" column {index + 1}{name}: {problem}") from None
