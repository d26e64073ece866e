"""Request documents checked for their shape and against what a model says about itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.gppi_runtime import (
    UNKNOWN,
    DocumentError,
    MatrixRequest,
    ObjectsRequest,
    check_request,
    parse_request,
    read_signature,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "columns", "objects", "x"]), inner)
    ),
)


def signature(**types):
    inputs = [{"name": name, "type": type_, "required": True, "example": 0} for name, type_ in types.items()]
    return read_signature(inputs, [])


@pytest.mark.property
@given(JSON, st.sampled_from(["matrix", "objects"]))
def test_any_json_is_a_request_or_the_clients_fault(document, mode):
    expected = MatrixRequest if mode == "matrix" else ObjectsRequest
    try:
        outcome = type(parse_request(document, mode))
    except DocumentError as error:
        outcome = error.code
    assert outcome in (expected, "invalid_request")


def test_rows_and_names_are_taken_as_they_are():
    document = {"columns": ["a", "a"], "data": [[1, None], ["x", []]], "more": 1}
    assert parse_request(document, "matrix") == MatrixRequest([[1, None], ["x", []]], ["a", "a"])
    assert parse_request({"data": [[1]], "columns": None}, "matrix") == MatrixRequest([[1]], None)


@pytest.mark.parametrize(
    ("document", "mode", "message"),
    [
        (None, "matrix", 'the document is null, expected an object with "data"'),
        ({"objects": [{}]}, "matrix", '"data" is missing: the model takes it instead of "objects"'),
        ({"data": [[1]]}, "objects", '"objects" is missing: the model takes it instead of "data"'),
        ({"data": {}}, "matrix", '"data" is an object, expected an array'),
        ({"data": [[1], 2]}, "matrix", 'row 2 of "data" is 2, expected an array'),
        ({"data": [[1]], "columns": "a"}, "matrix", '"columns" is a string, expected an array'),
        ({"data": [[1]], "columns": [1]}, "matrix", 'name 1 of "columns" is 1, expected a string'),
        ({"data": [[1]], "columns": ["a", "b"]}, "matrix", 'row 1 of "data" has 1 cells and "columns" has 2'),
        ({"data": [[1], [1, 2]]}, "matrix", 'row 2 of "data" has 2 cells and row 1 has 1'),
        ({"objects": [{}, None]}, "objects", 'object 2 of "objects" is null, expected an object'),
        ({"objects": []}, "objects", '"objects" is empty: there is nothing to predict'),
    ],
)
def test_a_document_of_another_shape_is_told_what_is_expected(document, mode, message):
    with pytest.raises(DocumentError) as caught:
        parse_request(document, mode)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("type_", "cells"),
    [
        ("number", [1, 1.5, None]),
        ("integer", [1, 1.5, None]),
        ("string", ["a", 1, 1.5, True, None]),
        ("boolean", [True, 1, None]),
        ("array", [[], None]),
        ("object", [{}, None]),
        (None, ["a", 1, [], {}, None]),
        ("ndarray", ["a", 1, [], {}, None]),
    ],
)
def test_a_type_takes_all_that_can_be_meant(type_, cells):
    check_request(MatrixRequest([[cell] for cell in cells], ["a"]), signature(a=type_))
    for cell in cells:
        check_request(ObjectsRequest([{"a": cell}]), signature(a=type_))


@pytest.mark.parametrize(
    ("type_", "cell"),
    [("number", True), ("integer", "1"), ("string", []), ("boolean", "true"), ("float", {})],
)
def test_a_type_refuses_what_cannot_be_meant(type_, cell):
    with pytest.raises(DocumentError) as caught:
        check_request(MatrixRequest([[0, 0], [0, 0], [0, cell]], None), signature(a="number", b=type_))
    assert caught.value.code == "wrong_type"
    assert 'row 3 column 2 ("b")' in caught.value.message
    with pytest.raises(DocumentError, match='object 1 member "b"'):
        check_request(ObjectsRequest([{"b": cell}]), signature(b=type_))


def test_columns_may_come_in_any_order_with_their_cells():
    check_request(MatrixRequest([["x", 1]], ["b", "a"]), signature(a="number", b="string"))
    with pytest.raises(DocumentError, match='row 1 column 1 \\("a"\\)'):
        check_request(MatrixRequest([["x", 1]], ["a", "b"]), signature(a="number", b="string"))


def test_repeated_names_belong_to_their_fields_in_order():
    fields = [{"name": "a", "type": "number"}, {"name": "b"}, {"name": "a", "type": "array"}]
    check_request(MatrixRequest([["x", 1, []]], ["b", "a", "a"]), read_signature(fields, []))
    with pytest.raises(DocumentError, match="row 1 column 2"):
        check_request(MatrixRequest([["x", [], 1]], ["b", "a", "a"]), read_signature(fields, []))


@pytest.mark.parametrize(
    ("columns", "code", "words"),
    [
        (["a", "c"], "unknown_column", 'column "c" is unknown, the model has "a", "b"'),
        (["a", "b", "a"], "unknown_column", 'column "a" is given 2 times, the model has 1'),
        (["b"], "missing_column", 'column "a" is missing'),
        ([], "missing_column", 'column "a" is missing'),
    ],
)
def test_columns_that_are_not_the_models_are_named(columns, code, words):
    with pytest.raises(DocumentError) as caught:
        check_request(MatrixRequest([[0] * len(columns)], columns), signature(a="number", b="number"))
    assert (caught.value.code, caught.value.message) == (code, words)


def test_an_optional_column_may_be_missing():
    fields = read_signature([{"name": "a", "type": "number"}, {"name": "b", "required": False}], [])
    check_request(MatrixRequest([[1]], ["a"]), fields)
    check_request(ObjectsRequest([{"a": 1, "more": 2}]), fields)


def test_a_model_that_says_nothing_takes_everything():
    check_request(MatrixRequest([["x", {}]], ["a", "a"]), UNKNOWN)


def test_many_columns_are_not_all_listed():
    names = {f"c{number}": "number" for number in range(100)}
    with pytest.raises(DocumentError) as caught:
        check_request(MatrixRequest([[1]], None), signature(**names))
    assert caught.value.message.endswith('"c19", …')


def test_a_hostile_name_stays_on_one_short_line():
    with pytest.raises(DocumentError) as caught:
        check_request(MatrixRequest([[1]], ["\n" * 5000]), signature(a="number"))
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 200
