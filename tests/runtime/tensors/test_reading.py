"""Inference requests, made by a real client and by hand."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput

from odahu_pack_core.gppi_runtime import UNKNOWN, DocumentError, MatrixRequest, ObjectsRequest, read_signature
from odahu_pack_core.gppi_runtime.tensors import RequestedOutput, read_inference

FEATURES = read_signature([{"name": "features", "type": "number"}] * 3, [])
PERSON = read_signature(
    [
        {"name": "name", "type": "string"},
        {"name": "age", "type": "integer"},
        {"name": "tags", "type": "array", "required": False},
    ],
    [],
)
MOOD = read_signature([{"name": "text", "type": "string"}], [])


def tensor(name, array, *, binary=True):
    datatypes = {"O": "BYTES", "f8": "FP64", "f4": "FP32", "i8": "INT64", "i4": "INT32", "b1": "BOOL"}
    made = InferInput(name, list(array.shape), datatypes[array.dtype.str.lstrip("<|")])
    return made.set_data_from_numpy(array, binary_data=binary)


def ask(*tensors, signature=UNKNOWN, mode="matrix", **options):
    body, json_size = InferenceServerClient.generate_request_body(list(tensors), **options)
    return read_inference(body, json_size, mode, signature)


def ask_json(document, signature=UNKNOWN, mode="matrix"):
    return read_inference(json.dumps(document).encode(), None, mode, signature)


def one(shape, datatype, data, name="x"):
    return {"inputs": [{"name": name, "shape": shape, "datatype": datatype, "data": data}]}


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("name", ["features", "anything"])
def test_a_tensor_as_wide_as_the_model_may_have_any_name(name, binary):
    array = np.array([[1, 2, 3], [4, 5, np.nan]])
    request = ask(tensor(name, array, binary=binary), signature=FEATURES).request
    np.testing.assert_array_equal(request.rows, array)
    assert request.columns == ["features"] * 3
    assert all(type(cell) is float for row in request.rows for cell in row)


def test_text_is_read_as_json_only_where_it_stands_for_it_whatever_columns_are_called():
    signature = read_signature([{"name": "a", "type": "string"}, {"name": "a", "type": "array"}], [])
    document = one([1, 2], "BYTES", ["[1]", "[2]"])
    assert ask_json(document, signature).request == MatrixRequest([["[1]", [2]]], ["a", "a"])


@pytest.mark.parametrize("binary", [True, False])
def test_rows_are_handed_on_without_names_to_a_model_that_names_no_columns(binary):
    request = ask(tensor("x", np.array([[1, 2], [3, 4]], dtype="i4"), binary=binary)).request
    assert request == MatrixRequest([[1, 2], [3, 4]], None)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_tensors_are_columns_by_their_names(shape, binary):
    names = np.array(["Ann", "Bo"], dtype=object).reshape(shape)
    ages = np.array([30, 40]).reshape(shape)
    request = ask(tensor("age", ages, binary=binary), tensor("name", names, binary=binary), signature=PERSON)
    assert request.request == MatrixRequest([[30, "Ann"], [40, "Bo"]], ["age", "name"])


@pytest.mark.parametrize(
    "named_columns",
    [
        [("features", [1.0, 2.0, 3.0])],
        [("features", [1.0]), ("features-2", [2.0]), ("features-3", [3.0])],
        [("features-3", [3.0]), ("features", [1.0]), ("features-2", [2.0])],
    ],
)
def test_a_name_of_several_columns_takes_them_together_or_each(named_columns):
    tensors = [tensor(name, np.array([cells])) for name, cells in named_columns]
    assert ask(*tensors, signature=FEATURES).request == MatrixRequest([[1.0, 2.0, 3.0]], ["features"] * 3)


def test_columns_of_arrays_are_json_texts():
    tags = np.array(['["a", 1]', "[]"], dtype=object)
    request = ask(
        tensor("name", np.array(["Ann", "Bo"], dtype=object)),
        tensor("age", np.array([30.0, 40.5])),
        tensor("tags", tags),
        signature=PERSON,
    ).request
    assert request.rows == [["Ann", 30.0, ["a", 1]], ["Bo", 40.5, []]]


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_objects_are_json_texts(shape, binary):
    texts = np.array(['{"text": "hi"}', '{"text": "é", "n": 1}'], dtype=object).reshape(shape)
    inference = ask(tensor("any", texts, binary=binary), signature=MOOD, mode="objects")
    assert inference.request == ObjectsRequest([{"text": "hi"}, {"text": "é", "n": 1}])


@pytest.mark.parametrize(
    ("shape", "data", "rows"),
    [
        ([2, 2], [1, 2, 3, 4], [[1, 2], [3, 4]]),
        ([2, 2], [[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        ([2], [1, 2], [[1], [2]]),
        ([2, 1], [[1], [2]], [[1], [2]]),
        ([2], [[1], [2]], [[1], [2]]),
    ],
)
def test_json_data_are_flat_or_nested(shape, data, rows):
    assert ask_json(one(shape, "INT32", data)).request == MatrixRequest(rows, None)


@pytest.mark.parametrize("datatype", ["FP16", "BF16", "FP32", "FP64"])
def test_fractions_are_floats_and_null_is_nan(datatype):
    cells = ask_json(one([3], datatype, [1, 0.5, None])).request.rows
    assert cells[:2] == [[1.0], [0.5]]
    assert math.isnan(cells[2][0])
    assert type(cells[0][0]) is float


def test_the_ways_of_the_answer_are_told():
    inference = ask(tensor("x", np.ones((1, 1))), request_id="42")
    assert (inference.id, inference.outputs, inference.binary) == ("42", None, True)
    outputs = [InferRequestedOutput("a"), InferRequestedOutput("b", binary_data=False)]
    inference = ask(tensor("x", np.ones((1, 1))), outputs=outputs, priority=1, timeout=5, sequence_id=3)
    assert inference.outputs == [RequestedOutput("a", binary=True), RequestedOutput("b", binary=False)]
    assert (inference.id, inference.binary) == (None, False)


@pytest.mark.parametrize(
    ("mode", "signature", "name", "known"),
    [
        ("matrix", read_signature([], [{"name": "y", "type": "number"}]), "x", '"y"'),
        ("objects", UNKNOWN, "x", '"prediction"'),
    ],
)
def test_outputs_that_the_model_has_not_are_refused_before_it_is_asked(mode, signature, name, known):
    with pytest.raises(DocumentError) as failure:
        ask(tensor("x", np.ones(1)), signature=signature, mode=mode, outputs=[InferRequestedOutput(name)])
    assert failure.value.message == f'output "{name}" is unknown, the model has {known}'


def test_members_may_be_null():
    document = one([1], "INT8", [1])
    document.update(id=None, parameters=None, outputs=None)
    document["inputs"][0]["parameters"] = None
    assert ask_json(document).outputs is None


def with_input(**members):
    document = one([1], "INT8", [1])
    document["inputs"][0].update(members)
    return document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], 'the document is an array, expected an object with "inputs"'),
        ({}, '"inputs" is missing or empty: there is nothing to predict'),
        ({"inputs": []}, '"inputs" is missing or empty: there is nothing to predict'),
        ({"inputs": {}}, '"inputs" is an object, expected an array'),
        ({"inputs": [1]}, 'tensor 1 of "inputs" is 1, expected an object'),
        ({"inputs": [{}]}, 'tensor 1 of "inputs" has no name'),
        ({**one([1], "INT8", [1]), "id": 1}, '"id" is 1, expected a string'),
        (
            {**one([1], "INT8", [1]), "parameters": []},
            '"parameters" of the request is an array, expected an object',
        ),
        (
            {**one([1], "INT8", [1]), "parameters": {"binary_data_output": 1}},
            '"binary_data_output" is 1, expected a boolean',
        ),
        ({**one([1], "INT8", [1]), "outputs": [{}]}, 'tensor 1 of "outputs" has no name'),
        ({**one([1], "INT8", [1]), "outputs": [{"name": "y"}] * 2}, 'output "y" is asked for twice'),
        (
            {**one([1], "INT8", [1]), "outputs": [{"name": "y", "parameters": {"classification": 3}}]},
            'output "y" asks for classification, which is not offered',
        ),
        (with_input(datatype="FP8"), 'tensor "x" has a datatype "FP8" that is unknown'),
        (with_input(datatype=["FP8"]), 'tensor "x" has a datatype an array that is unknown'),
        (
            with_input(shape=None),
            'tensor "x" needs a shape of one or two whole numbers: rows, or rows and columns',
        ),
        (
            with_input(shape=[1, 1, 1]),
            'tensor "x" needs a shape of one or two whole numbers: rows, or rows and columns',
        ),
        (
            with_input(shape=[True]),
            'tensor "x" needs a shape of one or two whole numbers: rows, or rows and columns',
        ),
        (
            with_input(shape=[0]),
            'tensor "x" has the shape [0], expected numbers from 1 to 18446744073709551615',
        ),
        (
            with_input(shape=[10**12, 0]),
            'tensor "x" has the shape [1000000000000, 0], expected numbers from 1 to 18446744073709551615',
        ),
        (
            with_input(shape=[-1]),
            'tensor "x" has the shape [-1], expected numbers from 1 to 18446744073709551615',
        ),
        (with_input(shape=[2]), 'tensor "x" has 1 elements in "data", its shape asks for 2'),
        (
            with_input(shape=[10**19, 10**19]),
            'tensor "x" has 1 elements in "data", its shape asks for ' + str(10**38),
        ),
        (with_input(data=None), 'tensor "x" has "data" that is null, expected an array'),
        (with_input(data=[]), 'tensor "x" has 0 elements in "data", its shape asks for 1'),
        (with_input(data=[[1], [2]]), 'tensor "x" has 2 rows in "data", its shape asks for 1'),
        (with_input(data=[[1, 2]]), 'tensor "x" has 2 elements in row 1, its shape asks for 1'),
        (
            with_input(shape=[2], data=[[1], 2]),
            'tensor "x" has a row 2 in "data" that is 2, expected an array',
        ),
        (with_input(data=[[[1]]]), 'tensor "x" has an element 1 that is an array, expected a whole number'),
        (with_input(data=[1.0]), 'tensor "x" has an element 1 that is 1.0, expected a whole number'),
        (with_input(data=[None]), 'tensor "x" has an element 1 that is null, expected a whole number'),
        (with_input(data=[True]), 'tensor "x" has an element 1 that is true, expected a whole number'),
        (with_input(data=[128]), 'tensor "x" has an element 128, INT8 ends at -128 and 127'),
        (
            with_input(datatype="UINT64", data=[-1]),
            'tensor "x" has an element -1, UINT64 ends at 0 and 18446744073709551615',
        ),
        (with_input(datatype="BOOL"), 'tensor "x" has an element 1 that is 1, expected a boolean'),
        (with_input(datatype="BYTES"), 'tensor "x" has an element 1 that is 1, expected a string'),
        (
            with_input(datatype="FP32", data=["1"]),
            'tensor "x" has an element 1 that is "1", expected a number',
        ),
        (
            with_input(datatype="FP32", data=[10**400]),
            'tensor "x" has a number that is too large for a fraction',
        ),
        (with_input(parameters=1), '"parameters" of tensor "x" is a number, expected an object'),
        (
            with_input(parameters={"shared_memory_region": "r"}),
            'tensor "x" lies in shared memory, which is not offered',
        ),
        (
            with_input(data=None, parameters={"binary_data_size": 1}),
            (
                'tensor "x" has a "binary_data_size" 1, 0 bytes are left behind the JSON; '
                "Inference-Header-Content-Length tells where the JSON ends"
            ),
        ),
    ],
)
def test_a_request_of_another_form_is_the_callers_fault(document, message):
    with pytest.raises(DocumentError) as failure:
        ask_json(document)
    assert failure.value.message == message


@pytest.mark.parametrize(
    ("tensors", "signature", "message"),
    [
        (
            [("x", np.ones((2, 2)))],
            FEATURES,
            'tensor "x" has 2 columns, the model has 3: "features", "features", "features"',
        ),
        ([("features", np.ones((1, 2)))], FEATURES, 'column "features" is missing'),
        ([("a", np.ones(2)), ("b", np.ones(3))], UNKNOWN, 'tensor "b" has 3 rows and tensor "a" has 2'),
        ([("name", np.ones(1)), ("years", np.ones(1))], PERSON, 'column "years" is unknown, the model has'),
        ([("name", np.ones(1))], PERSON, 'column "age" is missing'),
        (
            [("name", np.ones(2)), ("age", np.array(["a", "b"], dtype=object))],
            PERSON,
            'row 1 column 2 ("age"): "a" is not of type integer',
        ),
        (
            [("name", np.ones(2)), ("age", np.ones(2)), ("tags", np.array(["[]", "{]"], dtype=object))],
            PERSON,
            "row 2 column 3: expecting property name enclosed in double quotes at line 1 column 2",
        ),
        (
            [("name", np.ones(2)), ("age", np.ones(2)), ("tags", np.array(["[]", "{}"], dtype=object))],
            PERSON,
            'row 2 column 3 ("tags"): an object is not of type array',
        ),
    ],
)
def test_tensors_that_the_model_does_not_take_are_named(tensors, signature, message):
    with pytest.raises(DocumentError) as failure:
        ask(*(tensor(name, array) for name, array in tensors), signature=signature)
    assert failure.value.message.startswith(message)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones((1, 1)), "the model takes one tensor of BYTES, objects, of shape [-1, 1]: JSON objects"),
        (np.array(["{}", "[]"], dtype=object), "object 2 is an array, expected an object"),
        (np.array(["{"], dtype=object), "object 1: expecting property name"),
        (np.array(["{}"], dtype=object), 'object 1 member "text" is missing'),
    ],
)
def test_texts_that_are_no_objects_are_named(array, message):
    with pytest.raises(DocumentError) as failure:
        ask(tensor("objects", array), signature=MOOD, mode="objects")
    assert failure.value.message.startswith(message)


@pytest.mark.parametrize(
    ("size", "json_size", "message"),
    [
        (9, None, 'tensor "x" has 9 bytes, its shape and datatype ask for 8'),
        (7, None, 'tensor "x" has 7 bytes, its shape and datatype ask for 8'),
        (8, 10**6, "Inference-Header-Content-Length is 1000000, the body has"),
        (8, -1, "Inference-Header-Content-Length is -1, the body has"),
        (-1, None, 'tensor "x" has a "binary_data_size" -1, '),
        (10**12, None, 'tensor "x" has a "binary_data_size" 1000000000000, '),
        ("8", None, 'tensor "x" has a "binary_data_size" "8", '),
        (True, None, 'tensor "x" has a "binary_data_size" true, '),
    ],
)
def test_binary_data_of_another_size_are_refused(size, json_size, message):
    document = one([1], "FP64", None)
    document["inputs"][0]["parameters"] = {"binary_data_size": size}
    head = json.dumps(document).encode()
    with pytest.raises(DocumentError) as failure:
        read_inference(head + b"\0" * 9, len(head) if json_size is None else json_size, "matrix", UNKNOWN)
    assert failure.value.message.startswith(message)


def test_bytes_that_belong_to_no_tensor_are_refused():
    body, json_size = InferenceServerClient.generate_request_body([tensor("x", np.ones(1))])
    with pytest.raises(DocumentError, match="1 bytes behind the JSON belong to no tensor"):
        read_inference(body + b"\0", json_size, "matrix", UNKNOWN)


@pytest.mark.parametrize(("shape", "most"), [((100, 1), 400), ((1, 100), 202)])
def test_binary_data_hold_no_more_cells_than_json_could(shape, most):
    body, json_size = InferenceServerClient.generate_request_body([tensor("x", np.ones(shape, dtype=bool))])
    assert len(read_inference(body, json_size, "matrix", UNKNOWN, most).request.rows) == shape[0]
    with pytest.raises(DocumentError) as failure:
        read_inference(body, json_size, "matrix", UNKNOWN, most - 1)
    assert failure.value.code == "too_large"
    assert failure.value.message == f'tensor "x" has more cells than {most - 1} bytes of JSON'


def test_data_are_json_or_binary_but_not_both():
    document = one([1], "FP64", [1])
    document["inputs"][0]["parameters"] = {"binary_data_size": 8}
    head = json.dumps(document).encode()
    with pytest.raises(DocumentError, match='both "data" and a "binary_data_size"'):
        read_inference(head + b"\0" * 8, len(head), "matrix", UNKNOWN)


SIGNATURES = st.sampled_from([UNKNOWN, FEATURES, PERSON, MOOD])
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.sampled_from(["FP64", "INT8", "BYTES", "BOOL", "features", "name", "age", "[]", "{", ""]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "shape", "datatype", "data", "parameters"]), inner)
    ),
)
DIMENSIONS = st.integers(-1, 3) | st.sampled_from([2**63, 10**4000])
INPUTS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["features", "name", "age", "tags", "text"]),
        "shape": st.lists(DIMENSIONS, max_size=3),
        "datatype": st.sampled_from(["FP64", "INT8", "BYTES", "BOOL"]),
    },
    optional={
        "data": ANY_JSON | st.lists(st.floats() | st.text(), max_size=9),
        "parameters": ANY_JSON | st.fixed_dictionaries({"binary_data_size": st.integers(-1, 30)}),
    },
)
DOCUMENTS = ANY_JSON | st.fixed_dictionaries(
    {"inputs": ANY_JSON | st.lists(INPUTS, max_size=3)},
    optional={"outputs": ANY_JSON, "id": ANY_JSON, "parameters": ANY_JSON},
)


@pytest.mark.property
@given(DOCUMENTS, st.binary(max_size=30), SIGNATURES, st.sampled_from(["matrix", "objects"]))
def test_any_document_is_a_request_or_the_callers_fault(document, binary, signature, mode):
    head = json.dumps(document).encode()
    expected = MatrixRequest if mode == "matrix" else ObjectsRequest
    try:
        outcome = type(read_inference(head + binary, len(head), mode, signature).request)
    except DocumentError:
        outcome = DocumentError
    assert outcome in (expected, DocumentError)


@pytest.mark.property
@given(st.binary(max_size=60), st.none() | st.integers(-1, 61))
def test_any_bytes_are_the_callers_fault(body, json_size):
    with pytest.raises(DocumentError):
        read_inference(body, json_size, "matrix", UNKNOWN)
