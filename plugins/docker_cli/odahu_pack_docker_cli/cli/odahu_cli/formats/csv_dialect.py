"""What a CSV file does not say of itself: its delimiter, and whether it begins with names."""

import csv
import io
from typing import List, NamedTuple, Optional, Sequence

from gppi_runtime import Field

from .csv_cells import is_json_number, reads_as
from .reading import AUTO, YES, ReadOptions

_DELIMITERS = ",;\t|"
_LINES_LOOKED_AT = 20


class Dialect(NamedTuple):
    """How to read a file.

    Args:
        delimiter: what separates cells.
        width: cells in the first record.
        names: of the columns, if the file begins with them.
        lines: how many lines stand before the first row.
    """

    delimiter: str
    width: int
    names: Optional[List[str]]
    lines: int


def find_dialect(sample: str, options: ReadOptions) -> Optional[Dialect]:
    """Look at the beginning of a file.

    Args:
        sample: lines, of which the first record is complete.
        options: how to read.

    Returns:
        How to read the file; None where it holds no record.

    Raises:
        csv.Error: the first record is broken.
    """
    delimiter = options.delimiter or _delimiter(sample, len(options.fields))
    reader = csv.reader(io.StringIO(sample, newline="\n"), delimiter=delimiter, strict=True)
    first = next(filter(None, reader), None)
    if first is None:
        return None
    named = options.header == YES or (options.header == AUTO and _is_header(first, options.fields))
    return Dialect(delimiter, len(first), first if named else None, reader.line_num if named else 0)


def _is_header(record: List[str], fields: Sequence[Field]) -> bool:
    """Tell whether a record is one of names: the model's own, or what cannot be a row."""
    if not fields:
        return not any(is_json_number(cell) or not cell for cell in record)
    if set(record) <= {field.name for field in fields}:
        return True
    required = {field.name for field in fields if field.required}
    if required and required <= set(record):
        return True  # with columns beside them that the model does not name
    typed = zip(record, fields)
    return not all(reads_as(cell, field.type) for cell, field in typed)


def _delimiter(sample: str, width: int) -> str:
    """Find what makes as many cells as the model has columns, else equally many on all lines, else most."""
    lines = [line for line in sample.split("\n")[:_LINES_LOOKED_AT] if line.strip()]
    widths = {each: _widths(lines, each) for each in _DELIMITERS}
    regular = [each for each in _DELIMITERS if len(set(widths[each])) == 1 and widths[each][0] > 1]
    declared = [each for each in regular if widths[each][0] == width]
    return max(declared or regular or _DELIMITERS, key=lambda each: max(widths[each], default=0))


def _widths(lines: List[str], delimiter: str) -> List[int]:
    return [len(record) for record in csv.reader(lines, delimiter=delimiter)]
