"""Models described for their callers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV2SpecValidator

from odahu_pack_core.gppi_runtime import (
    UNKNOWN,
    ModelFacts,
    check_request,
    example_request,
    input_schema,
    output_schema,
    parse_request,
    printed_output_schema,
    read_signature,
    swagger,
    write_json,
)
from odahu_pack_core.gppi_runtime.tensors import read_inference

NAMES = st.text(max_size=5) | st.sampled_from(
    ["", "a", "$ref", "x-a", "__proto__", "../a", "a/b", "~1", "\0", "\ud800", "</script>", "n" * 2000]
)
TYPES = ["integer", "number", "string", "boolean", "object", "array", "list", "float", "odd", "", None]
CELLS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
FIELDS = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES},
        optional={
            "type": st.sampled_from(TYPES),
            "required": st.booleans() | st.none(),
            "example": CELLS | st.lists(CELLS, max_size=2) | st.dictionaries(NAMES, CELLS, max_size=2),
        },
    ),
    max_size=4,
)
MODES = st.sampled_from(["matrix", "objects"])


@pytest.mark.property
@given(FIELDS, FIELDS, MODES, NAMES, NAMES)
def test_every_description_is_valid_swagger(inputs, outputs, mode, name, version):
    facts = ModelFacts(name, version, "model", "entrypoint")
    document = swagger(facts, mode, read_signature(inputs, outputs))
    OpenAPIV2SpecValidator(json.loads(write_json(document))).validate()


@pytest.mark.property
@given(FIELDS, MODES)
def test_the_example_is_a_request_that_the_model_takes(inputs, mode):
    signature = read_signature(inputs, [])
    document = swagger(ModelFacts("a", "1", "m", "e"), mode, signature)
    example = document["definitions"]["PredictionParameters"]["example"]
    assert example == example_request(mode, signature)
    check_request(parse_request(json.loads(write_json(example)), mode), signature)


@pytest.mark.property
@given(FIELDS, MODES)
def test_the_example_of_tensors_is_one_that_the_model_takes(inputs, mode):
    signature = read_signature(inputs, [])
    document = swagger(ModelFacts("a", "1", "m", "e"), mode, signature)
    body = write_json(document["definitions"]["InferenceRequest"]["example"])
    assert read_inference(body, None, mode, signature)


def test_an_example_is_the_models_own_where_that_fits():
    fields = [
        {"name": "age", "type": "integer", "example": 41},
        {"name": "name", "type": "string"},
        {"name": "weight", "type": "number", "example": "heavy"},
        {"name": "rest", "type": "ndarray"},
    ]
    signature = read_signature(fields, [])
    columns = ["age", "name", "weight", "rest"]
    assert example_request("matrix", signature) == {"columns": columns, "data": [[41, "", 0, 0]]}
    assert example_request("objects", signature) == {
        "objects": [{"age": 41, "name": "", "weight": 0, "rest": 0}]
    }


def test_a_name_that_repeats_is_one_member_of_an_object():
    fields = [{"name": "a", "type": "array"}, {"name": "a", "type": "number"}, {"name": "b", "type": "list"}]
    schema = input_schema("objects", read_signature(fields, []))["objects"]
    assert schema["example"] == [{"a": None, "b": []}]
    assert schema["items"]["properties"] == {
        "a": {"example": None},
        "b": {"type": "array", "items": {}, "example": []},
    }


def test_what_a_model_is_called_is_no_markdown():
    name = "![x](http://127.0.0.1/x.png) <b>"
    document = swagger(ModelFacts(name, name, "m", "e"), "matrix", UNKNOWN)
    info = document.pop("info")
    assert (info["title"], info["version"]) == (name, name)
    assert name not in info["description"]
    texts = list(_texts(document, {"summary", "description"}))
    assert texts
    assert not [text for text in texts if "![x]" in text]


def _texts(tree, names):
    if isinstance(tree, dict):
        yield from (value for key, value in tree.items() if key in names and isinstance(value, str))
    for value in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _texts(value, names)


def test_every_answer_carries_the_request_id():
    paths = swagger(ModelFacts("a", "1", "m", "e"), "matrix", UNKNOWN)["paths"]
    answers = [
        answer
        for path in paths.values()
        for operation in path.values()
        for answer in operation["responses"].values()
    ]
    assert len(answers) > len(paths)
    assert all("X-Request-ID" in answer["headers"] for answer in answers)


@pytest.mark.parametrize("mode", ["matrix", "objects"])
def test_a_model_that_says_nothing_has_open_types(mode):
    schema = input_schema(mode, UNKNOWN)
    if mode == "matrix":
        assert schema["data"] == {"items": {"items": {}, "type": "array"}, "type": "array", "example": []}
    else:
        assert schema["objects"]["items"] == {"properties": {}, "type": "object"}
    OpenAPIV2SpecValidator(swagger(ModelFacts("a", "1", "m", "e"), mode, UNKNOWN)).validate()


@pytest.mark.parametrize(
    ("types", "cell"),
    [
        (["integer", "integer"], {"type": "integer"}),
        (["integer", "number"], {"type": "number"}),
        (["number", "string"], {}),
        (["float"], {"type": "number"}),
        ([None], {}),
    ],
)
def test_a_matrix_has_the_type_of_its_columns_where_they_agree(types, cell):
    signature = read_signature([], [{"name": "a", "type": type_} for type_ in types])
    assert output_schema("matrix", signature)["prediction"]["items"] == {"items": cell, "type": "array"}
    assert printed_output_schema("matrix", signature)["prediction"]["items"] == cell
