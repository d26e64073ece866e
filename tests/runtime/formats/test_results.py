"""Results in all formats."""

import csv
import io
import json
import math
from itertools import pairwise

import numpy as np
import pytest
from gppi_runtime import PredictionError, write_json
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.formats.streams import read, written
from tests.runtime.formats.test_json_document import CELLS, NUMBERS, TEXTS, matrices

WITH_GAPS = st.sampled_from([math.nan, math.inf, -math.inf])
ROWS = matrices(NUMBERS) | matrices(NUMBERS | WITH_GAPS) | matrices(CELLS)


class Rounding(json.JSONEncoder):
    def encode(self, tree):
        return super().encode(json.loads(json.dumps(tree), parse_float=lambda text: round(float(text), 1)))


def answers(rows, names, cuts):
    """Cut rows into the answers of several batches."""
    bounds = [0, *sorted(cut % (len(rows) + 1) for cut in cuts), len(rows)]
    parts = (rows[first:last] for first, last in pairwise(bounds))
    return [{"prediction": part, "columns": names} for part in parts if part]


@pytest.mark.property
@given(ROWS, st.lists(TEXTS, max_size=4), st.lists(st.integers(0, 20), max_size=3))
def test_a_json_result_is_what_one_prediction_writes(rows, names, cuts):
    whole = write_json({"prediction": rows, "columns": names}) + b"\n"
    assert written("json", answers(rows, names, cuts)) == whole
    if rows[0] and {type(cell) for row in rows for cell in row} == {float}:
        arrays = [dict(each, prediction=np.array(each["prediction"])) for each in answers(rows, names, cuts)]
        assert written("json", arrays) == whole


@pytest.mark.property
@given(st.lists(st.dictionaries(TEXTS, CELLS, max_size=3), min_size=1, max_size=5))
def test_objects_are_a_json_result_and_lines(objects):
    documents = [{"prediction": objects[:2]}, {"prediction": objects[2:]}]
    assert written("json", documents, "objects") == write_json({"prediction": objects}) + b"\n"
    lines = written("jsonl", documents, "objects")
    assert [json.loads(line) for line in lines.splitlines()] == objects


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("matrix", b'{"prediction": [], "columns": []}\n'), ("objects", b'{"prediction": []}\n')],
)
def test_a_json_result_without_rows_is_a_document(mode, expected):
    assert written("json", [], mode) == expected


def test_the_models_own_encoder_writes_numbers_its_own_way():
    document = {"prediction": [[0.123]], "columns": ["x"]}
    assert written("json", [document], serializer=Rounding) == b'{"prediction": [[0.1]], "columns": ["x"]}\n'


@pytest.mark.property
@given(ROWS, st.booleans(), st.lists(st.integers(0, 20), max_size=3))
def test_json_lines_are_objects_where_names_tell_cells_apart(rows, named, cuts):
    names = [f"%s{number}" for number in range(len(rows[0]))] if named else []
    expected = json.loads(write_json(rows))
    if names:
        expected = [dict(zip(names, row, strict=True)) for row in expected]
    lines = written("jsonl", answers(rows, names, cuts)).splitlines()
    assert [json.loads(line) for line in lines] == expected


def test_names_that_repeat_make_lists():
    document = {"prediction": [[1, 2]], "columns": ["x", "x"]}
    assert written("jsonl", [document]) == b"[1, 2]\n"


@pytest.mark.property
@given(matrices(NUMBERS | TEXTS | st.none() | st.booleans()).filter(lambda rows: len(rows[0]) > 1))
def test_csv_has_a_header_and_is_read_back(rows):
    names = [f"n,{number}" for number in range(len(rows[0]))]
    records = list(csv.reader(io.StringIO(written("csv", answers(rows, names, [1])).decode(), newline="")))
    assert records[0] == names
    cells = {None: "", True: "true", False: "false"}
    assert records[1:] == [
        [cells[cell] if cell is None or cell is True or cell is False else str(cell) for cell in row]
        for row in rows
    ]


def test_csv_of_objects_has_their_members():
    documents = [{"prediction": [{"a": 1, "b": [1]}]}, {"prediction": [{"b": None, "a": "x"}]}]
    with pytest.raises(PredictionError, match="other columns"):
        written("csv", documents, "objects")
    assert written("csv", documents[:1], "objects") == b"a,b\n1,[1]\n"
    with pytest.raises(PredictionError, match="different members"):
        written("csv", [{"prediction": [{"a": 1}, {"b": 1}]}], "objects")


@pytest.mark.parametrize("name", ["json", "csv"])
def test_a_model_that_changes_its_columns_is_at_fault(name):
    changing = [{"prediction": [[1]], "columns": [each]} for each in "ab"]
    with pytest.raises(PredictionError, match="other columns"):
        written(name, changing)


def test_what_is_written_as_csv_is_read_back_as_numbers():
    rows = [[0.1, 1e-300], [-5.0, 12345678901234567890.0]]
    raw = written("csv", [{"prediction": rows, "columns": ["a", "b"]}])
    assert read("csv", raw).rows == [[0.1, 1e-300], [-5.0, 12345678901234567000.0]]


@pytest.mark.property
@given(
    st.lists(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2), min_size=1, max_size=5),
    st.sampled_from([0.5, math.nan, math.inf]),
)
def test_pyarrow_writes_numbers_that_read_back_as_themselves(rows, last):
    pytest.importorskip("pyarrow")
    array = np.array([*rows, (1.0, last)])
    document = {"prediction": array, "columns": ["a", "b"]}
    records = list(csv.reader(io.StringIO(written("csv", [document]).decode())))
    assert records[0] == ["a", "b"]
    cells = [[float(cell) if cell else None for cell in record] for record in records[1:]]
    assert repr(cells[:-1]) == repr([list(row) for row in rows])
    assert cells[-1] == [1.0, last if math.isfinite(last) else None]


@pytest.mark.parametrize("name", ["json", "jsonl", "csv"])
def test_integers_larger_than_any_floating_point_are_written(name):
    document = {"prediction": [[10**400, 0.5]], "columns": ["a", "b"]}
    assert str(10**400) in written(name, [document]).decode()


def test_rows_that_make_no_table_are_refused():
    uneven = {"prediction": [[1], [2, 3]], "columns": ["a"]}
    for name in ("csv", "parquet"):
        if name == "parquet":
            pytest.importorskip("pyarrow")
        with pytest.raises(PredictionError, match="different numbers of cells"):
            written(name, [uneven])
    for rows in ([[1, 2]], [["x", 2]], np.array([[1, 2]])):
        with pytest.raises(PredictionError, match="rows of 2 cells do not fit below 1 names"):
            written("csv", [{"prediction": rows, "columns": ["a"]}])
    assert written("jsonl", [uneven]) == b'{"a": 1}\n[2, 3]\n'
