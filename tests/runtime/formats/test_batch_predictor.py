"""Arrays given to models that take them."""

import time
from types import ModuleType

import numpy as np
import pytest
from gppi_runtime import UNKNOWN, MatrixRequest, Model, ModelFacts, PredictionError, read_signature
from odahu_cli.formats import Batch, BatchPredictor, InputError, Place

FACTS = ModelFacts("m", "1", "", "entrypoint")
FLOAT = frozenset([float])


def a_model(function):
    """Make a model of a function; it notes the types of rows that it is given in ``given``."""
    module, given = ModuleType("entrypoint"), []

    def predict_on_matrix(rows):
        given.append(type(rows))
        return function(rows), ["x"]

    module.predict_on_matrix = predict_on_matrix
    return Model(FACTS, module, "matrix", None), given


def a_batch(*values, name="in", lines=None):
    array = np.array([[value] for value in values], dtype=float)
    request = MatrixRequest(array, None, FLOAT)
    return Batch(request, Place(name, 1, lines), (), lambda: MatrixRequest(array.tolist(), None, FLOAT))


class Clock:
    """Says that arrays take long or short."""

    def __init__(self, given, array_seconds):
        self._given, self._seconds, self._now = given, array_seconds, 0

    def __call__(self):
        self._now += self._seconds if self._given[-1] is np.ndarray else 1
        return self._now


def test_a_model_that_answers_the_same_faster_gets_arrays():
    model, given = a_model(lambda rows: np.asarray(rows) * 2)
    predictor = BatchPredictor(model, UNKNOWN, clock=Clock(given, 0.5))
    assert predictor.predict(a_batch(1, 2))["prediction"].tolist() == [[2], [4]]
    assert given[0] is list
    given.clear()
    assert predictor.predict(a_batch(3))["prediction"].tolist() == [[6]]
    assert given == [np.ndarray]


@pytest.mark.parametrize(
    "function",
    [
        lambda rows: [[str(row[0]) + type(row).__name__] for row in rows],
        lambda rows: [[1]] if isinstance(rows, list) else 1 / 0,
        lambda rows: [[1]] if rows else [],
        lambda rows: [row.pop() for row in rows],
    ],
    ids=["other answer", "raises", "truth of an array", "changes its rows"],
)
def test_a_model_that_does_not_take_arrays_gets_lists_for_ever(function):
    model, given = a_model(function)
    predictor = BatchPredictor(model, UNKNOWN, clock=Clock(given, 0))
    for _ in range(2):
        given.clear()
        predictor.predict(a_batch(1.0, 2.0))
    assert given == [list]


def test_a_model_that_is_slower_with_arrays_gets_lists():
    model, given = a_model(lambda rows: [[row[0]] for row in rows])
    predictor = BatchPredictor(model, UNKNOWN, clock=Clock(given, 2))
    predictor.predict(a_batch(1))
    given.clear()
    predictor.predict(a_batch(1))
    assert given == [list]


def test_a_slow_model_is_not_asked_twice():
    seen = []

    def function(rows):
        seen.append(len(rows))
        time.sleep(0.006 * len(rows))
        return rows

    model, given = a_model(function)
    BatchPredictor(model, UNKNOWN).predict(a_batch(*range(50)))
    assert seen == [50]
    assert given == [list]


def test_arrays_can_be_forbidden():
    model, given = a_model(lambda rows: rows)
    BatchPredictor(model, UNKNOWN, arrays=False).predict(a_batch(1))
    assert given == [list]


def test_a_model_that_fails_on_a_later_array_gets_lists_from_then_on():
    model, given = a_model(lambda rows: rows if rows[0][0] < 9 or isinstance(rows, list) else 1 / 0)
    predictor = BatchPredictor(model, UNKNOWN, clock=Clock(given, 0))
    predictor.predict(a_batch(1))
    assert predictor.predict(a_batch(9))["prediction"] == [[9.0]]
    given.clear()
    predictor.predict(a_batch(1))
    assert given == [list]


def test_a_model_that_fails_is_at_fault_with_its_own_words():
    model, _ = a_model(lambda _rows: 1 / 0)
    with pytest.raises(PredictionError, match="ZeroDivisionError"):
        BatchPredictor(model, UNKNOWN).predict(a_batch(1))


def test_a_request_that_the_model_does_not_take_names_file_and_line():
    model, _ = a_model(lambda rows: rows)
    signature = read_signature([{"name": "x", "type": "boolean"}], [])
    batch = Batch(MatrixRequest([[True], [0.5]], None), Place("in.csv", 7, [8, 10]))
    with pytest.raises(InputError, match=r'^in.csv:10: row 8 column 1 \("x"\): 0.5 is not of type boolean$'):
        BatchPredictor(model, signature).predict(batch)


def test_a_model_that_changes_an_array_before_it_fails_is_asked_with_the_rows_as_they_were():
    def doubled(rows):
        if isinstance(rows, np.ndarray):
            rows *= 2
            assert rows.max() < 100
            return rows
        return [[2 * row[0]] for row in rows]

    model, given = a_model(doubled)
    predictor = BatchPredictor(model, UNKNOWN, clock=Clock(given, 0.5))
    predictor.predict(a_batch(1, 2))
    assert predictor.predict(a_batch(3, 300))["prediction"] == [[6], [600]]
    assert given[-2:] == [np.ndarray, list]
