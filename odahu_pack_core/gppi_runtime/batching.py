"""Several requests answered with one call of the model, each as if it had been asked alone."""

from typing import Any, Dict, Hashable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from .errors import GppiError, PredictionError
from .model import Model
from .request import MatrixRequest, Request

_SCALARS = frozenset([bool, float, int, str, type(None)])
# Libraries hold larger integers in other types than those of the rows beside them.
_INTEGER_BOUND = 2**63


class Outcome(NamedTuple):
    """What became of one request.

    Args:
        document: the result document for `write_json`, None when the prediction failed.
        error: why it failed, None when it did not.
        rows: how many rows or objects went into the call of the model; 0 for all but the first request of it.
    """

    document: Any
    error: Optional[GppiError]
    rows: int


def predict_together(
    model: Model, requests: Sequence[Request], most_rows: int
) -> Iterator[List[Tuple[int, Outcome]]]:
    """Answer requests with as few calls of the model as possible.

    Rows go into one call only where no library could tell that they do: same columns, same types of cells in
    each column. When such a call fails, or does not return a row for a row, each request is asked alone. Only
    a model whose result for one row depends on the other rows shows a difference.

    Args:
        model: the loaded model.
        requests: checked requests.
        most_rows: rows in a call of several requests; a larger request is asked alone.

    Yields:
        After each call the requests that it has answered, by their places among the requests, and what became
        of them.
    """
    for group in _groups(requests, most_rows):
        together = _ask_together(model, [requests[index] for index in group]) if len(group) > 1 else None
        if together is not None:
            yield list(zip(group, together))
        else:
            for index in group:
                yield [(index, _ask_alone(model, requests[index]))]


def _groups(requests: Sequence[Request], most_rows: int) -> List[List[int]]:
    groups: List[List[int]] = []
    open_groups: Dict[Hashable, Tuple[List[int], int]] = {}
    for index, request in enumerate(requests):
        kind = _kind(request, most_rows) if len(requests) > 1 else None
        if kind is None or not isinstance(request, MatrixRequest):
            groups.append([index])
            continue
        group, rows = open_groups.get(kind, ([], 0))
        if not group or rows + len(request.rows) > most_rows:
            group, rows = [], 0
            groups.append(group)
        group.append(index)
        open_groups[kind] = group, rows + len(request.rows)
    return groups


def _kind(request: Request, most_rows: int) -> Hashable:
    """Say which requests may share a call: those of an equal kind, and none of the kind None."""
    if not isinstance(request, MatrixRequest) or not 0 < len(request.rows) < most_rows:
        return None
    types = _column_types(request.rows)
    # Cells of several types in one column are left alone, too: the rarest case, and the hardest to judge.
    if not _SCALARS.issuperset(types) or (int in types and _has_huge_integers(request.rows)):
        return None
    return None if request.columns is None else tuple(request.columns), types


def _column_types(rows: Sequence[Sequence[Any]]) -> Tuple[Any, ...]:
    if len(rows) == 1:
        return tuple(map(type, rows[0]))
    found = [set(map(type, cells)) for cells in zip(*rows)]
    return tuple(each.pop() if len(each) == 1 else None for each in found)


def _has_huge_integers(rows: Sequence[Sequence[Any]]) -> bool:
    return any(
        type(cell) is int and not -_INTEGER_BOUND <= cell < _INTEGER_BOUND for row in rows for cell in row
    )


def _ask_together(model: Model, requests: Sequence[Any]) -> Optional[List[Outcome]]:
    # Copies: a call that fails may have changed what it was given.
    rows = [row[:] for request in requests for row in request.rows]
    columns = requests[0].columns
    try:
        document = model.predict(MatrixRequest(rows, columns if columns is None else columns[:]))
    except PredictionError:
        return None
    total = sum(len(request.rows) for request in requests)
    return _split(document, requests) if len(document["prediction"]) == total else None


def _ask_alone(model: Model, request: Request) -> Outcome:
    rows = len(request.rows if isinstance(request, MatrixRequest) else request.objects)
    try:
        return Outcome(model.predict(request), None, rows)
    except GppiError as error:
        return Outcome(None, error, rows)


def _split(document: Any, requests: Sequence[Any]) -> List[Outcome]:
    outcomes, begin = [], 0
    total = len(document["prediction"])
    for request in requests:
        end = begin + len(request.rows)
        part = {"prediction": document["prediction"][begin:end], "columns": document["columns"]}
        outcomes.append(Outcome(part, None, 0 if begin else total))
        begin = end
    return outcomes
