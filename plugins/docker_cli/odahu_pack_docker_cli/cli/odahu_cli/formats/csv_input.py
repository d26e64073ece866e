"""CSV files, opened and cut."""

import csv
from typing import BinaryIO, Dict, Iterator, List, Optional, Sequence

from gppi_runtime import MATRIX, Field

from .csv_dialect import Dialect, find_dialect
from .csv_rows import Columns, CsvParser, count_records, last_end
from .cursor import Cursor, decoded
from .lines import records
from .reading import Batch, InputError, InputFormat, Parser, Piece, ReadOptions, Source

_SAMPLE = 2**16


class CsvFormat(InputFormat):
    """Records of cells, with or without names in the first of them."""

    name = "csv"
    suffixes = (".csv", ".tsv")

    def open(self, file: BinaryIO, name: str, options: ReadOptions) -> Source:
        """Begin to read."""
        cursor = Cursor(file, name)
        dialect = _dialect(cursor, options)
        if dialect is None:
            return _NoRows(_NoRecords(name, options))
        if dialect.names is not None:
            _take_lines(cursor, dialect.lines)
        columns = _columns(dialect, options.fields)
        if options.mode != MATRIX:
            _check_members(cursor, columns, dialect)
        return CsvSource(cursor, options, CsvParser(name, options, dialect, columns))


class CsvSource(Source):
    """Records being read.

    Args:
        cursor: at the first record.
        options: how to read.
        parser: for the records.
    """

    def __init__(self, cursor: Cursor, options: ReadOptions, parser: CsvParser) -> None:
        super().__init__(parser)
        self._cursor = cursor
        self._chunk_rows = options.chunk_rows

    def pieces(self) -> Iterator[Piece]:
        """Cut between records."""
        row = 1
        for cut in records(self._cursor, self._chunk_rows, last_end, count_records):
            yield Piece(cut.text, cut.rows, row, cut.start)
            row += cut.rows


class _NoRows(Source):
    """A file without a record."""

    def pieces(self) -> Iterator[Piece]:
        """Cut nothing."""
        return iter(())


class _NoRecords(Parser):
    """Parses what is in such a file."""

    def parse(self, _piece: Piece) -> Iterator[Batch]:
        """Parse nothing."""
        return iter(())


def _dialect(cursor: Cursor, options: ReadOptions) -> Optional[Dialect]:
    """Look at so much of the file that its first record is complete."""
    cursor.fill(_SAMPLE)
    while True:
        text = cursor.text if cursor.ended else cursor.text[: last_end(cursor.text)]
        if text.strip() or cursor.ended:
            break
        cursor.grow()
    try:
        return find_dialect(decoded(cursor.name, text, cursor.place), options)
    except csv.Error as error:
        raise InputError(f"{cursor.name}:1: {error}") from None


def _take_lines(cursor: Cursor, lines: int) -> None:
    for _ in range(lines):
        end = cursor.text.find(b"\n") + 1
        cursor.take(end or len(cursor.text))


def _columns(dialect: Dialect, fields: Sequence[Field]) -> Columns:
    names = dialect.names
    if names is None:
        types = [field.type for field in fields] + [None] * dialect.width
        known = [field.name for field in fields] if len(fields) == dialect.width else []
        return Columns(types[: dialect.width], None, known)
    by_name: Dict[str, List[Optional[str]]] = {}
    for field in fields:
        by_name.setdefault(field.name, []).append(field.type)
    return Columns([by_name[name].pop(0) if by_name.get(name) else None for name in names], names, names)


def _check_members(cursor: Cursor, columns: Columns, dialect: Dialect) -> None:
    if not columns.names:
        raise cursor.error(
            "objects need names: the file must begin with a header; if it does, say --header yes"
        )
    if len(set(columns.names)) < dialect.width:
        raise cursor.error("names of an object's members repeat in the header")
