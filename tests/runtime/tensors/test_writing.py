"""Results written as tensors, and read by a real client."""

import datetime as dt
import decimal
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies
from tritonclient.http import InferResult

from odahu_pack_core.gppi_runtime import (
    UNKNOWN,
    DocumentError,
    MatrixRequest,
    ModelFacts,
    PredictionError,
    read_signature,
)
from odahu_pack_core.gppi_runtime.tensors import (
    Inference,
    RequestedOutput,
    output_tensors,
    write_error,
    write_inference,
)

FACTS = ModelFacts(name="wine", version="1.0", work_dir="model", entrypoint="entrypoint")


def outputs(*described):
    return read_signature([], [dict(zip(("name", "type"), each, strict=True)) for each in described])


PREDICTIONS = outputs(("predictions", "number"))
CLASSES = outputs(("class", "integer"), ("probability", "number"), ("label", "string"), ("sure", "boolean"))


def answer(rows, columns, signature=UNKNOWN, *, names=None, binary=False, serializer=None):
    requested = None if names is None else [RequestedOutput(name, binary) for name in names]
    inference = Inference(MatrixRequest([[1]], None), "42", requested, binary)
    return write_inference(inference, FACTS, signature, {"prediction": rows, "columns": columns}, serializer)


def received(*arguments, **options):
    written = answer(*arguments, **options)
    return InferResult.from_response_body(written.body, header_length=written.json_size)


def test_an_answer_in_json_is_one_document():
    written = answer([[0.5], [1]], ["predictions"], PREDICTIONS)
    assert written.json_size is None
    assert json.loads(written.body) == {
        "model_name": "wine",
        "model_version": "1.0",
        "id": "42",
        "outputs": [{"name": "predictions", "shape": [2, 1], "datatype": "FP64", "data": [0.5, 1.0]}],
    }


def test_the_binary_data_stand_behind_the_json():
    written = answer([[1, 0.5, "é", True]], list("abcd"), names=["a", "c"], binary=True)
    head, tail = written.body[: written.json_size], written.body[written.json_size :]
    sizes = [each["parameters"]["binary_data_size"] for each in json.loads(head)["outputs"]]
    assert sizes == [8, 6]
    assert tail == np.float64(1).tobytes() + b"\2\0\0\0" + "é".encode()


def test_an_answer_without_an_id_has_none():
    inference = Inference(MatrixRequest([[1]], None), None, None, binary=False)
    written = write_inference(inference, FACTS, UNKNOWN, {"prediction": [[1]], "columns": ["x"]})
    assert "id" not in json.loads(written.body)


@pytest.mark.property
@given(numpy_strategies.arrays(np.float64, st.tuples(st.integers(0, 4), st.integers(1, 3))))
def test_binary_fractions_arrive_as_they_were(array):
    columns = ["x"] * array.shape[1]
    result = received(array.tolist(), columns, outputs(*[("x", "number")] * len(columns)), binary=True)
    np.testing.assert_array_equal(result.as_numpy("x"), array)


@pytest.mark.property
@given(numpy_strategies.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 3))))
def test_json_has_null_for_nan_and_infinity(array):
    columns = ["x"] * array.shape[1]
    result = received(array.tolist(), columns, outputs(*[("x", "number")] * len(columns)))
    np.testing.assert_array_equal(result.as_numpy("x"), np.where(np.isfinite(array), array, np.nan))


@pytest.mark.parametrize("binary", [True, False])
def test_columns_of_several_types_are_tensors_of_their_own(binary):
    columns = ["class", "probability", "label", "sure"]
    result = received([[1, 0.5, "é", True], [0, 1, None, False]], columns, CLASSES, binary=binary)
    assert result.as_numpy("class").tolist() == [[1], [0]]
    assert result.as_numpy("class").dtype == np.int64
    assert result.as_numpy("probability").tolist() == [[0.5], [1.0]]
    labels = [["é".encode()], [b""]] if binary else [["é"], [None]]
    assert result.as_numpy("label").tolist() == labels
    assert result.as_numpy("sure").tolist() == [[True], [False]]


def test_a_result_in_another_order_keeps_its_types():
    result = received([["1", 0.5, True, 1]], ["label", "probability", "sure", "class"], CLASSES)
    assert [each["name"] for each in result.get_response()["outputs"]] == [
        "label",
        "probability",
        "sure",
        "class",
    ]
    assert result.get_output("label")["datatype"] == "BYTES"


def test_a_result_of_other_names_has_those_that_were_promised():
    assert received([[0.5]], ["y"], PREDICTIONS).get_output("predictions")["data"] == [0.5]
    assert received([[0.5]], [], PREDICTIONS).get_output("predictions")["data"] == [0.5]


@pytest.mark.parametrize("columns", [["y"], ["a", "b"], []])
def test_numbers_that_nobody_described_are_one_tensor(columns):
    width = len(columns) or 3
    result = received([[1] * width, [None] * width], columns)
    output = result.get_output("output-0")
    assert (output["datatype"], output["shape"]) == ("FP64", [2, width])
    assert output["data"] == [1.0] * width + [None] * width


def test_columns_that_nobody_described_are_tensors_by_their_names():
    response = received([["a", 1, True, "b"]], ["x", "y", "z", "x"]).get_response()
    assert [(each["name"], each["datatype"]) for each in response["outputs"]] == [
        ("x", "BYTES"),
        ("y", "FP64"),
        ("z", "BOOL"),
        ("x-2", "BYTES"),
    ]
    response = received([["a", 1]], []).get_response()
    assert [each["name"] for each in response["outputs"]] == ["output-0", "output-1"]


@pytest.mark.parametrize("binary", [True, False])
def test_outputs_are_chosen_by_the_names_of_tensors_and_columns(binary):
    signature = outputs(("a", "number"), ("b", "number"))
    result = received([[1, 2], [3, 4]], ["a", "b"], signature, names=["b", "output-0"], binary=binary)
    assert [each["name"] for each in result.get_response()["outputs"]] == ["b", "output-0"]
    assert result.as_numpy("b").tolist() == [[2], [4]]
    assert result.as_numpy("output-0").tolist() == [[1, 2], [3, 4]]


def test_an_output_that_the_model_has_not_is_the_callers_fault():
    with pytest.raises(DocumentError) as failure:
        answer([[1]], ["predictions"], PREDICTIONS, names=["y"])
    assert failure.value.message == 'output "y" is unknown, the model has "predictions"'
    assert failure.value.code == "unknown_output"


@pytest.mark.parametrize(
    ("type_", "cells", "datatype", "data"),
    [
        ("integer", [1, True, 2.0], "INT64", [1, 1, 2]),
        ("integer", [1, 1.5], "FP64", [1.0, 1.5]),
        ("integer", [1, None], "FP64", [1.0, None]),
        ("integer", [2**63], "FP64", [float(2**63)]),
        ("integer", [float("inf")], "FP64", [None]),
        ("integer", ["a", 1], "BYTES", ["a", "1"]),
        ("number", [1, True, None], "FP64", [1.0, 1.0, None]),
        ("number", [10**400], "BYTES", [str(10**400)]),
        ("number", ["a", 1.5, None], "BYTES", ["a", "1.5", None]),
        ("boolean", [True, False], "BOOL", [True, False]),
        ("boolean", [True, None], "FP64", [1.0, None]),
        ("string", ["a", 1, True, None, 1.5], "BYTES", ["a", "1", "true", None, "1.5"]),
        ("array", [[1, "é"], {"a": None}], "BYTES", ['[1, "é"]', '{"a": null}']),
        ("number", [np.float64(0.5), np.int64(1), np.bool_(1)], "FP64", [0.5, 1.0, 1.0]),
        ("number", [np.float64("inf"), pd.NA], "FP64", [None, None]),
        ("string", [dt.date(2020, 1, 2), np.datetime64("2020-01-02")], "BYTES", ["2020-01-02", "2020-01-02"]),
        ("string", [np.str_("a"), np.array([1, 2])], "BYTES", ["a", "[1, 2]"]),
    ],
)
def test_cells_find_a_datatype_that_holds_them(type_, cells, datatype, data):
    output = received([[cell] for cell in cells], ["x"], outputs(("x", type_))).get_output("x")
    assert (output["datatype"], output["data"]) == (datatype, data)


def test_an_infinity_of_numpy_is_one_in_binary_data():
    array = received([[np.float64("-inf")]], ["x"], outputs(("x", "number")), binary=True).as_numpy("x")
    assert array.tolist() == [[float("-inf")]]


def test_the_models_own_encoder_is_asked():
    class Encoder(json.JSONEncoder):
        def default(self, value):
            return str(value) if isinstance(value, decimal.Decimal) else super().default(value)

    price = [[decimal.Decimal("0.10")]]
    output = received(price, ["price"], outputs(("price", "string")), serializer=Encoder).get_output("price")
    assert output["data"] == ["0.10"]
    with pytest.raises(PredictionError, match="Decimal is not JSON serializable"):
        answer(price, ["price"])


def test_no_rows_are_an_empty_tensor():
    result = received([], ["class", "probability"], outputs(("class", "integer"), ("probability", "number")))
    assert result.as_numpy("class").shape == (0, 1)
    assert received([], [], binary=True).as_numpy("output-0").shape == (0, 0)


def test_rows_of_different_widths_are_the_models_fault():
    with pytest.raises(PredictionError, match="rows of different widths"):
        answer([[1], [1, 2]], ["x"])


def test_objects_are_json_texts():
    prediction = {"prediction": [{"mood": "glad", "weight": float("nan")}, np.array([1, 2])]}
    tensor = output_tensors(prediction, UNKNOWN)[0]
    assert tensor == ("prediction", "BYTES", 2, 1, ['{"mood": "glad", "weight": null}', "[1, 2]"])
    assert output_tensors(prediction, UNKNOWN, ["prediction"]) == [tensor]
    with pytest.raises(DocumentError, match='"mood" is unknown'):
        output_tensors(prediction, UNKNOWN, ["mood"])


def test_an_error_is_the_protocols():
    assert json.loads(write_error("ü")) == {"error": "ü"}


CELLS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.just([1])


@pytest.mark.property
@given(
    st.integers(0, 3).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width))),
    st.lists(st.sampled_from("ab"), max_size=3),
    st.sampled_from([UNKNOWN, PREDICTIONS, CLASSES, outputs(("a", "integer"), ("b", "integer"))]),
    st.booleans(),
)
def test_any_result_is_tensors_that_a_client_reads(rows, columns, signature, binary):
    result = received(rows, columns, signature, binary=binary)
    for output in result.get_response()["outputs"]:
        assert result.as_numpy(output["name"]).shape[0] == len(rows)
