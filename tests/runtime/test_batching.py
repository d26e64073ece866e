"""Requests answered with one call of the model, compared with the same requests asked alone."""

import copy
import math
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.gppi_runtime import (
    GppiError,
    MatrixRequest,
    Model,
    ModelFacts,
    ObjectsRequest,
    predict_together,
)

WIDTH = 2
CELLS = st.one_of(
    st.integers(-9, 9),
    st.sampled_from([2**53, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**30]),
    st.floats(-9, 9).map(round).map(float),
    st.booleans(),
    st.none(),
    st.sampled_from(["", "a", "abc", "é", "1", "poison"]),
)
ROWS = st.one_of(
    st.lists(st.lists(CELLS, min_size=WIDTH, max_size=WIDTH), min_size=1, max_size=4),
    st.lists(st.lists(st.integers(-9, 9), min_size=WIDTH, max_size=WIDTH), min_size=1, max_size=4),
)
COLUMNS = st.none() | st.sampled_from(["ab", "ba", "aa"]).map(list)
REQUESTS = st.lists(st.builds(MatrixRequest, ROWS, COLUMNS), max_size=8)


def totals(rows, columns):
    return [[sum(cell for cell in row if isinstance(cell, int)), columns] for row in rows], ["total", "of"]


def numpy_types(rows, _):
    """Tell what numpy makes of each column: one row of another type would show in all others."""
    kinds = [np.array([row[index] for row in rows]).dtype.kind for index in range(WIDTH)]
    return [[*kinds, np.array(rows).dtype.kind] for _ in rows], None


def echo(rows, _):
    return rows, ["a", "b"]


def flat(rows, _):
    return np.array([len(row) for row in rows]), ["width"]


def poisoned(rows, columns):
    if any("poison" in row for row in rows):
        raise ValueError("poison")
    return totals(rows, columns)


def changes_its_input(rows, columns):
    result = copy.deepcopy(totals(rows, columns))
    _devour(rows, columns)
    return result


def changes_its_input_and_fails_for_many(rows, columns):
    result = changes_its_input(rows, columns)
    if len(result[0]) > 1:
        raise RuntimeError("too many rows for me")
    return result


def _devour(rows, columns):
    for row in rows:
        row.clear()
    rows.clear()
    if columns is not None:
        columns.append("eaten")


def loses_a_row_of_many(rows, columns):
    matrix, names = totals(rows, columns)
    return (matrix[1:] if len(matrix) > 2 else matrix), names


def invents_a_row(rows, columns):
    matrix, names = totals(rows, columns)
    return [*matrix, [0, None]], names


def aggregates(rows, columns):
    return totals(rows, columns)[0][:1], ["first"]


def returns_no_matrix_for_many(rows, columns):
    return None if len(rows) > 1 else totals(rows, columns)


def exits_for_many(rows, columns):
    if len(rows) > 1:
        raise SystemExit(3)
    return totals(rows, columns)


MODELS = [
    totals,
    numpy_types,
    echo,
    flat,
    poisoned,
    changes_its_input,
    changes_its_input_and_fails_for_many,
    loses_a_row_of_many,
    invents_a_row,
    aggregates,
    returns_no_matrix_for_many,
    exits_for_many,
]


class Calls:
    """A model whose calls are counted."""

    def __init__(self, predict):
        self.rows = []
        module = ModuleType("entrypoint")
        module.predict_on_matrix = lambda rows, provided_columns_names=None: self._call(
            predict, rows, provided_columns_names
        )
        module.predict_on_objects = lambda objects: self._call(lambda rows, _: rows, objects, None)
        self.matrix = Model(ModelFacts("m", "1", ".", "entrypoint"), module, "matrix", None)
        self.objects = Model(ModelFacts("m", "1", ".", "entrypoint"), module, "objects", None)

    def _call(self, predict, rows, columns):
        self.rows.append(len(rows))
        return predict(rows, columns)


def asked_alone(predict, request):
    try:
        return Calls(predict).matrix.predict(copy.deepcopy(request))
    except GppiError as error:
        return error.message, error.code


def together(calls, requests, most_rows, model=None):
    """Return what became of each request, in the order of the requests."""
    answered = [
        each for found in predict_together(model or calls.matrix, requests, most_rows) for each in found
    ]
    outcomes = dict(answered)
    assert len(answered) == len(outcomes) == len(requests)
    return [outcomes[place] for place in range(len(requests))]


def said(outcome):
    return outcome.document if outcome.error is None else (outcome.error.message, outcome.error.code)


@pytest.mark.property
@pytest.mark.parametrize("predict", MODELS)
@given(requests=REQUESTS, most_rows=st.integers(1, 12))
def test_every_answer_is_what_the_request_gets_alone(predict, requests, most_rows):
    expected = [asked_alone(predict, request) for request in requests]
    outcomes = together(Calls(predict), copy.deepcopy(requests), most_rows)
    # repr: 1, 1.0 and True are equal, and yet not the same answer
    assert [repr(said(outcome)) for outcome in outcomes] == [repr(each) for each in expected]


@pytest.mark.parametrize("predict", MODELS)
def test_requests_that_fit_together_get_what_they_get_alone(predict):
    requests = [MatrixRequest([[number, 1]], ["a", "b"]) for number in range(5)]
    expected = [asked_alone(predict, request) for request in requests]
    calls = Calls(predict)
    assert [said(outcome) for outcome in together(calls, requests, 8)] == expected
    assert calls.rows[0] == 5


@pytest.mark.property
@given(requests=REQUESTS, most_rows=st.integers(1, 12))
def test_a_call_never_has_more_rows_than_the_limit_or_one_request(requests, most_rows):
    calls = Calls(poisoned)
    together(calls, requests, most_rows)
    sizes = {len(request.rows) for request in requests}
    assert all(rows <= most_rows or rows in sizes for rows in calls.rows)


@pytest.mark.property
@given(sizes=st.lists(st.integers(1, 5), max_size=20), most_rows=st.integers(1, 12))
def test_the_rows_of_all_calls_are_told_once(sizes, most_rows):
    calls = Calls(totals)
    requests = [MatrixRequest([[1, 2]] * size, None) for size in sizes]
    outcomes = together(calls, requests, most_rows)
    assert sorted(outcome.rows for outcome in outcomes if outcome.rows) == sorted(calls.rows)
    assert sum(calls.rows) == sum(sizes)


@pytest.mark.parametrize(("count", "most_rows"), [(1, 8), (8, 8), (9, 8), (20, 8), (5, 1)])
def test_requests_of_one_row_share_as_few_calls_as_fit(count, most_rows):
    calls = Calls(totals)
    together(calls, [MatrixRequest([[1, 2]], ["a", "b"])] * count, most_rows)
    assert len(calls.rows) == math.ceil(count / most_rows)


def test_a_request_as_large_as_the_limit_does_not_hold_back_the_small_ones():
    calls = Calls(totals)
    sizes = [1, 8, 1, 30, 1]
    together(calls, [MatrixRequest([[1, 2]] * size, None) for size in sizes], 8)
    assert sorted(calls.rows) == [3, 8, 30]


@pytest.mark.parametrize(
    "other",
    [
        MatrixRequest([[1, 2]], ["b", "a"]),
        MatrixRequest([[1, 2]], None),
        MatrixRequest([[1.0, 2]], ["a", "b"]),
        MatrixRequest([[True, 2]], ["a", "b"]),
        MatrixRequest([[None, 2]], ["a", "b"]),
        MatrixRequest([["1", 2]], ["a", "b"]),
        MatrixRequest([[2**63, 2]], ["a", "b"]),
        MatrixRequest([[[1], 2]], ["a", "b"]),
        MatrixRequest([[1, 2], [1.0, 2]], ["a", "b"]),
    ],
)
def test_requests_that_a_library_could_tell_apart_never_mix(other):
    calls = Calls(totals)
    together(calls, [MatrixRequest([[1, 2]], ["a", "b"]), other], 8)
    assert len(calls.rows) == 2


def test_the_traceback_of_a_bad_request_tells_of_no_batch():
    requests = [MatrixRequest([[1, cell]], None) for cell in ("a", "poison")]
    good, bad = together(Calls(poisoned), requests, 8)
    assert good.error is None
    assert bad.error.details.count("Traceback") == 1
    assert "in poisoned" in bad.error.details
    assert "in predict_together" not in bad.error.details


def test_an_answer_does_not_wait_for_the_next_call():
    calls = Calls(totals)
    requests = [MatrixRequest([[cell, 1]], None) for cell in (1, "a", 2, None)]
    seen = [
        ([place for place, _ in answered], len(calls.rows))
        for answered in predict_together(calls.matrix, requests, 8)
    ]
    assert seen == [([0, 2], 1), ([1], 2), ([3], 3)]


def test_rows_of_an_array_are_asked_alone():
    calls = Calls(totals)
    requests = [MatrixRequest(np.ones((rows, WIDTH)), None) for rows in (1, 1, 3, 0)]
    together(calls, requests, 8)
    assert calls.rows == [1, 1, 3, 0]


def test_objects_are_asked_request_by_request():
    calls = Calls(totals)
    requests = [ObjectsRequest([{"a": number}]) for number in range(3)]
    outcomes = together(calls, requests, 8, calls.objects)
    assert [outcome.document for outcome in outcomes] == [
        {"prediction": [{"a": number}]} for number in range(3)
    ]
    assert calls.rows == [1, 1, 1]
