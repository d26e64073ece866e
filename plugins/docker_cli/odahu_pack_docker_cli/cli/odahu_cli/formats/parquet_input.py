"""Parquet files, by pyarrow where the model's environment has it."""

import importlib
from functools import partial
from typing import Any, BinaryIO, Iterator, List, Optional, Sequence

from gppi_runtime import MATRIX, MatrixRequest, ObjectsRequest, Position, plain
from gppi_runtime.errors import quoted

from .array_readers import has_nan
from .reading import FLOAT, Batch, InputError, InputFormat, Parser, Piece, Place, ReadOptions, Source

NEEDS_PYARROW = "Parquet needs pyarrow, which the model's environment does not have: add it to conda.yaml"
_BUFFER = 2**16
_NOWHERE = Position(1, 1)
_LARGEST_BATCH = 2**31 - 1
# Whole numbers of more bits may not be themselves as 64-bit floating point.
_NARROW = ("int8", "int16", "int32", "uint8", "uint16", "uint32", "float", "double")


class ParquetFormat(InputFormat):
    """Columns of a file, whose schema names and types them."""

    name = "parquet"
    suffixes = (".parquet", ".pq")

    def open(self, file: BinaryIO, name: str, options: ReadOptions) -> Source:
        """Begin to read."""
        try:
            parquet: Any = importlib.import_module("pyarrow.parquet")
        except ImportError:
            raise InputError(f"{name}: {NEEDS_PYARROW}") from None
        if not file.seekable():
            raise InputError(f"{name}: Parquet can be read from a file only, not from a stream")
        try:
            # Without this a whole row group would be read ahead.
            opened = parquet.ParquetFile(file, pre_buffer=False, buffer_size=_BUFFER)
        except Exception as error:  # noqa: BLE001  # pyarrow's errors are of many kinds
            raise _unreadable(name, error) from None
        return ParquetSource(opened, name, options)


class ParquetSource(Source):
    """A file being read.

    Args:
        file: a ``pyarrow.parquet.ParquetFile``.
        name: of the file.
        options: how to read.
    """

    def __init__(self, file: Any, name: str, options: ReadOptions) -> None:
        super().__init__(ParquetParser(name, options))
        self._file = file
        self._name = name
        self._chunk_rows = min(options.chunk_rows, _LARGEST_BATCH)
        names = file.schema_arrow.names
        if options.mode != MATRIX and len(set(names)) < len(names):
            raise InputError(f"{name}: names of an object's members repeat in the columns")

    def pieces(self) -> Iterator[Piece]:
        """Read batches of pyarrow."""
        row = 1
        batches = self._file.iter_batches(batch_size=self._chunk_rows)
        while True:
            try:
                batch = next(batches, None)
            except Exception as error:  # noqa: BLE001  # pyarrow's errors are of many kinds
                raise _unreadable(self._name, error) from None
            if batch is None:
                return
            yield Piece(batch, batch.num_rows, row, _NOWHERE)
            row += batch.num_rows


class ParquetParser(Parser):
    """Makes rows or objects of columns."""

    def parse(self, piece: Piece) -> Iterator[Batch]:
        """Parse a piece."""
        batch = piece.content
        names = list(batch.schema.names)
        place = Place(self._name, piece.first_row, None)
        if not batch.num_rows:
            return
        if self._options.mode != MATRIX:
            rows = self._rows(batch)
            yield Batch(ObjectsRequest([dict(zip(names, row)) for row in rows]), place)
            return
        array = _array(batch) if self._options.arrays else None
        if array is None:
            yield Batch(self._request(batch), place)
        else:
            yield Batch(MatrixRequest(array, names, FLOAT), place, (), partial(self._request, batch))

    def _request(self, batch: Any) -> MatrixRequest:
        return MatrixRequest(self._rows(batch), list(batch.schema.names))

    def _rows(self, batch: Any) -> List[List[Any]]:
        columns = [self._cells(*column) for column in zip(batch.schema.names, batch.columns)]
        return list(map(list, zip(*columns)))

    def _cells(self, name: str, column: Any) -> Sequence[Any]:
        try:
            return _cells(column)
        except (ValueError, OverflowError) as error:
            # Bytes that are no text, moments that Python's calendar does not know.
            raise InputError(f"{self._name}: column {quoted(name)}: {error}") from None


def _array(batch: Any) -> Optional[Any]:
    """Return columns of numbers without gaps as an array, or None where there are others."""
    if any(column.null_count or str(column.type) not in _NARROW for column in batch.columns):
        return None
    try:
        numpy: Any = importlib.import_module("numpy")
    except ImportError:
        return None
    array = numpy.column_stack([column.to_numpy() for column in batch.columns]).astype("float64", copy=False)
    return None if has_nan(array) else array


def _cells(column: Any) -> Sequence[Any]:
    """Return what JSON would hold: no NaN, times as text, decimals as numbers."""
    cells: List[Any] = column.to_pylist()
    if str(column.type).startswith("decimal"):
        return [cell if cell is None else float(cell) for cell in cells]
    return [plain(cell) for cell in cells]


def _unreadable(name: str, error: Exception) -> InputError:
    return InputError(f"{name}: this Parquet file cannot be read: {' '.join(str(error).split())}")
