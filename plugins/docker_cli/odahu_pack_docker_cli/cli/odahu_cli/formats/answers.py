"""Answers of a model, looked at before they are written."""

import json
import math
from itertools import chain
from typing import Any, List, NamedTuple, Optional, Sequence

from gppi_runtime import PredictionError, write_json

from .writing import Serializer

_NUMBERS = {float, int}


class Numbers(NamedTuple):
    """Cells of rows that hold finite numbers only, as JSON writes them.

    Args:
        texts: of all cells, row by row.
        width: cells in a row.
    """

    texts: List[str]
    width: int

    def joined(self, between_cells: str, between_rows: str) -> str:
        """Put all cells into one text."""
        if self.width == 1:
            return between_rows.join(self.texts)
        cells = iter(self.texts)
        return between_rows.join(map(between_cells.join, zip(*[cells] * self.width)))


def numbers(rows: Any, serializer: Serializer) -> Optional[Numbers]:
    """Write rows of numbers several times faster than an encoder does.

    Args:
        rows: the prediction: a list of rows, or a two-dimensional array of numpy.
        serializer: the model's own encoder.

    Returns:
        The numbers; None where there is something else, or the encoder would write numbers its own way.
    """
    if not len(rows) or not _writes_as_usual(serializer):
        return None
    if isinstance(rows, list):
        widths = set(map(len, rows))
        if len(widths) > 1 or not set(map(type, chain.from_iterable(rows))) <= _NUMBERS:
            return None
        width, cells = widths.pop(), list(chain.from_iterable(rows))
    else:
        width, cells = rows.shape[1], rows.ravel().tolist()
    try:
        finite = math.isfinite(sum(cells))
    except OverflowError:  # integers larger than any floating point
        return None
    return Numbers(list(map(repr, cells)), width) if width and finite else None


def _writes_as_usual(serializer: Serializer) -> bool:
    usual = json.JSONEncoder
    return serializer is None or all(
        getattr(serializer, name) is getattr(usual, name) for name in ("__init__", "encode", "iterencode")
    )


def plain_rows(rows: Any, serializer: Serializer) -> List[Any]:
    """Turn a prediction into lists of what JSON can hold.

    Raises:
        PredictionError: a value that has no form in JSON.
    """
    listed: List[Any] = json.loads(write_json(rows, serializer).decode("utf-8"))
    return listed


def check_widths(rows: List[Any], names: Sequence[str] = ()) -> None:
    """Refuse rows that make no table.

    Args:
        rows: lists of cells.
        names: of the columns, where the table needs one for each.

    Raises:
        PredictionError: rows have more or fewer cells than the first, or than there are names.
    """
    widths = set(map(len, rows))
    if len(widths) > 1:
        raise PredictionError("rows with different numbers of cells do not fit into a table: choose JSON")
    if names and widths and widths != {len(names)}:
        cells = widths.pop()
        raise PredictionError(f"rows of {cells} cells do not fit below {len(names)} names: choose JSON")


def columns_changed() -> PredictionError:
    """Return the error of a model that names other columns than before."""
    return PredictionError("the model names other columns for these rows than for those before")
