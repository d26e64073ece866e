"""Results of all kinds written as JSON."""

import datetime as dt
import decimal
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.gppi_runtime import PredictionError, plain, read_json, write_json

SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**300), 10**300) | st.floats() | st.text(st.characters())
)
DOCUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


def _without_holes(document):
    if isinstance(document, float):
        return document if math.isfinite(document) else None
    if isinstance(document, list):
        return [_without_holes(each) for each in document]
    if isinstance(document, dict):
        return {name: _without_holes(each) for name, each in document.items()}
    return document


@pytest.mark.property
@given(DOCUMENTS, st.sampled_from([None, 2]))
def test_what_is_written_is_read_back_with_null_for_what_json_has_not(document, indent):
    assert read_json(write_json(document, indent=indent)) == _without_holes(document)


@pytest.mark.property
@given(DOCUMENTS)
def test_an_encoder_that_knows_nothing_more_changes_nothing(document):
    class Encoder(json.JSONEncoder):
        pass

    assert write_json(document, Encoder) == write_json(document)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (np.array([[1, 2]], dtype="uint8"), [[1, 2]]),
        (np.array([1.5, np.nan, np.inf], dtype="float16"), [1.5, None, None]),
        (np.array([True, False]), [True, False]),
        (np.array(["a", "é"]), ["a", "é"]),
        (np.array(["é".encode()]), ["é"]),
        (np.array([1, "a", None, np.nan, [2]], dtype=object), [1, "a", None, None, [2]]),
        (np.array([0.5], dtype=np.longdouble), [0.5]),
        (np.longdouble(0.25), 0.25),
        (np.float32(0.5), 0.5),
        (np.float64("nan"), None),
        (np.int64(7), 7),
        (np.array(5) > 4, True),
        (np.str_("a"), "a"),
        (np.array(5), 5),
        (np.datetime64("2024-01-31"), "2024-01-31"),
        (np.datetime64("2024-01-31T10:00:00.000000001"), "2024-01-31T10:00:00.000000001"),
        (np.array(["2024-01-31", "NaT"], dtype="datetime64[ns]"), ["2024-01-31T00:00:00.000000000", None]),
        (np.timedelta64(1500, "ms"), 1.5),
        (np.array([1, "NaT"], dtype="timedelta64[s]"), [1.0, None]),
        (np.array([(1, "a")], dtype=[("n", int), ("s", "U1")]), [[1, "a"]]),
        (dt.date(2024, 1, 31), "2024-01-31"),
        (dt.datetime(2024, 1, 31, 10, tzinfo=dt.timezone.utc), "2024-01-31T10:00:00+00:00"),
        (dt.timedelta(minutes=1), 60.0),
        ((1, (2,)), [1, [2]]),
        (
            {1: 1, None: 2, False: 3, 0.5: 4, np.int64(5): 6},
            {"1": 1, "null": 2, "false": 3, "0.5": 4, "5": 6},
        ),
        ([b"text"], ["text"]),
    ],
)
def test_values_of_many_kinds_have_a_form_in_json(value, written):
    assert json.loads(write_json(value)) == written


def test_values_of_pandas_have_a_form_in_json():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([[1, "x"], [2, None]], columns=["same", "same"])
    moment = pandas.Timestamp("2024-01-31", tz="Europe/Berlin")
    values = [frame, pandas.NA, pandas.NaT, moment, pandas.Series([1, None], dtype="Int64"), frame.columns]
    assert json.loads(write_json(values)) == [
        [[1, "x"], [2, None]],
        None,
        None,
        "2024-01-31T00:00:00+01:00",
        [1, None],
        ["same", "same"],
    ]


def test_a_lone_surrogate_is_escaped():
    assert write_json(["\ud800é"]) == b'["\\ud800\xc3\xa9"]'


@pytest.mark.parametrize(
    "value", [{1}, object(), 1j, np.array([1j]), np.clongdouble(1j), b"\xff", {(1, 2): 3}]
)
def test_what_json_cannot_hold_is_told_in_words(value):
    with pytest.raises(PredictionError, match="cannot be written as JSON"):
        write_json([value])


def test_a_list_that_holds_itself_is_told_in_words():
    endless = []
    endless.append(endless)
    with pytest.raises(PredictionError, match="contains itself"):
        write_json(endless)


class _Encoder(json.JSONEncoder):
    def default(self, value):
        if isinstance(value, decimal.Decimal):
            return {"decimal": str(value), "nan": math.nan}
        if isinstance(value, dt.date):
            return value.year
        return super().default(value)


def test_the_models_encoder_comes_first_and_ours_knows_the_rest():
    values = [decimal.Decimal("0.10"), dt.date(2024, 1, 31), np.array([math.nan]), np.float32(0.5)]
    assert json.loads(write_json(values, _Encoder)) == [{"decimal": "0.10", "nan": None}, 2024, [None], 0.5]


def test_an_encoder_that_raises_is_told_in_words():
    class Broken(json.JSONEncoder):
        def default(self, _value):
            raise RuntimeError("sorry")

    with pytest.raises(PredictionError, match="RuntimeError: sorry"):
        write_json([decimal.Decimal(1)], Broken)


def test_plain_leaves_no_stranger_in_a_document():
    assert plain({"a": (np.float32("inf"), [np.int8(1)])}) == {"a": [None, [1]]}
