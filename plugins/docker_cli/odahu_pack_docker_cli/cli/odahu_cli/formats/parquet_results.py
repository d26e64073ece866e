"""Results as Parquet, by pyarrow where the model's environment has it."""

import importlib
from typing import Any, BinaryIO, List, Optional

from gppi_runtime import PredictionError
from gppi_runtime.json_writer import is_number_array

from .answers import check_widths, columns_changed, plain_rows
from .parquet_input import NEEDS_PYARROW
from .writing import FormatError, OutputFormat, Renderer, Serializer, Sink

# A row group for each batch would be many small ones.
_ROW_GROUP = 100_000


class ParquetRenderer(Renderer):
    """Makes a table of rows or objects; a name that repeats gets a number."""

    def render(self, document: Any, serializer: Serializer) -> Any:
        """Render an answer."""
        arrow: Any = importlib.import_module("pyarrow")
        rows = document["prediction"]
        if "columns" not in document:
            return _table(arrow, lambda: arrow.Table.from_pylist(plain_rows(rows, serializer)))
        if is_number_array(rows):
            columns: List[Any] = [arrow.array(cells) for cells in rows.T]
        else:
            listed = plain_rows(rows, serializer)
            check_widths(listed)
            columns = list(map(list, zip(*listed)))
        names = _distinct(document["columns"], len(columns))
        return _table(arrow, lambda: arrow.table(dict(zip(names, columns))))


def _table(arrow: Any, make: Any) -> Any:
    try:
        table = make()
    except (arrow.ArrowException, ValueError, TypeError) as error:
        raise PredictionError(f"the answer does not fit into the columns of Parquet: {error}") from None
    return table


def _distinct(names: List[str], width: int) -> List[str]:
    distinct: List[str] = []
    for number in range(width):
        name = wanted = names[number] if number < len(names) else f"column_{number + 1}"
        repeated = 1
        while name in distinct:
            repeated += 1
            name = f"{wanted}_{repeated}"
        distinct.append(name)
    return distinct


class ParquetSink(Sink):
    """Writes tables, of which the first tells the types.

    Args:
        file: where to.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._writer: Optional[Any] = None
        self._schema: Any = None
        self._waiting: List[Any] = []

    def write(self, rendered: Any) -> None:
        """Add an answer."""
        if self._schema is None:
            self._schema = _without_nulls(rendered.schema)
        if rendered.schema.names != self._schema.names:
            raise columns_changed()
        try:
            self._waiting.append(rendered.cast(self._schema))
        except Exception as error:  # noqa: BLE001  # pyarrow's errors are of many kinds
            message = f"these rows are of other types than those before: {error}. JSON Lines can hold them"
            raise PredictionError(message) from None
        if sum(table.num_rows for table in self._waiting) >= _ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Write the footer."""
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def _flush(self) -> None:
        arrow: Any = importlib.import_module("pyarrow")
        if self._schema is None:
            self._schema = arrow.schema([])
        if self._writer is None:
            parquet: Any = importlib.import_module("pyarrow.parquet")
            self._writer = parquet.ParquetWriter(self._file, self._schema)
        if self._waiting:
            self._writer.write_table(arrow.concat_tables(self._waiting))
            self._waiting.clear()


def _without_nulls(schema: Any) -> Any:
    """Take columns that begin without any value for numbers, as most predictions are."""
    arrow: Any = importlib.import_module("pyarrow")
    fields = [
        field.with_type(arrow.float64()) if arrow.types.is_null(field.type) else field for field in schema
    ]
    return arrow.schema(fields)


class ParquetOutput(OutputFormat):
    """Columns with a schema."""

    name = "parquet"
    suffix = ".parquet"
    renderer = ParquetRenderer()

    def open(self, file: BinaryIO, mode: str) -> Sink:  # noqa: ARG002  # the first table tells it
        """Begin to write."""
        try:
            importlib.import_module("pyarrow.parquet")
        except ImportError:
            raise FormatError(NEEDS_PYARROW) from None
        return ParquetSink(file)
