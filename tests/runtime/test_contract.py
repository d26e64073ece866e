"""What callers are promised, whatever the model returns and whatever they send."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV2SpecValidator

from tests.runtime.serving import serve

ROWS = {"prediction": [[1, 0.5, None], [2, None, 1.5]], "columns": ["a", "b", "c"]}
MODELS = ["numbers", "objects", "bare", "encoder", "shapes"]


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
MEMBERS = st.sampled_from(["objects", "data", "columns", "weight"])
DOCUMENTS = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=3)
)
# The model itself takes nothing but texts.
TEXTS = st.text(max_size=3) | st.lists(VALUES, max_size=2)
OBJECTS = st.lists(
    st.fixed_dictionaries({"text": TEXTS}, optional={"weight": VALUES}), min_size=1, max_size=3
)
BODIES = (
    st.binary(max_size=50)
    | DOCUMENTS.map(json.dumps)
    | OBJECTS.map(lambda objects: json.dumps({"objects": objects}))
)


@pytest.fixture(scope="module")
def start(runtime, model, tmp_path_factory):
    """Serve one of the models: ``with start("wine") as front``."""
    return lambda name, *options: serve(runtime, model(name), tmp_path_factory.mktemp(name), *options)


@pytest.fixture(scope="module")
def shapes(start):
    with start("shapes", "--max-body-bytes", "1000") as front:
        yield front


@pytest.fixture(scope="module")
def objects(start):
    with start("objects") as front:
        yield front


@pytest.mark.parametrize(
    "shape",
    ["lists", "tuples", "pair in a list", "rows of arrays", "array", "single precision", "objects of numpy"],
)
def test_a_matrix_of_any_kind_is_rows_with_null_for_what_is_no_number(shapes, shape):
    assert shapes.invoke({"columns": ["shape"], "data": [[shape]]}).json == ROWS


def test_a_frame_is_its_rows_without_its_index(shapes, runtime):
    pytest.importorskip("pandas")
    if runtime.python != sys.executable:
        pytest.skip("only this environment has pandas")
    assert shapes.invoke({"data": [["frame"]]}).json == ROWS


@pytest.mark.parametrize(
    ("shape", "document"),
    [
        ("vector", {"prediction": [[1.5], [None]], "columns": ["a"]}),
        ("no names", {"prediction": [[1]], "columns": []}),
    ],
)
def test_what_is_no_matrix_becomes_one(shapes, shape, document):
    assert shapes.invoke({"data": [[shape]]}).json == document


@pytest.mark.parametrize("name", MODELS)
def test_the_example_of_the_description_is_answered(start, name):
    with start(name) as front:
        document = front.ask("GET", "/api/model/info").json
        OpenAPIV2SpecValidator(document).validate()
        reply = front.invoke(document["definitions"]["PredictionParameters"]["example"])
        assert reply.status == 200, reply.body
        tensors = json.dumps(document["definitions"]["InferenceRequest"]["example"])
        reply = front.ask("POST", "/v2/models/wine/infer", tensors)
        assert reply.status == 200, reply.body


def test_the_description_tells_of_every_route(shapes):
    paths = shapes.ask("GET", "/api/model/info").json["paths"]
    told = {
        path.replace("{model_name}", "wine"): {method.upper() for method in operations}
        for path, operations in paths.items()
    }
    routes = {
        path: set(methods) - {"HEAD"} for path, methods in shapes.ask("GET", "/").json["routes"].items()
    }
    left = {path: methods for path, methods in routes.items() if path not in told}
    assert told == {path: methods for path, methods in routes.items() if path in told}
    # A model has a second name with its version.
    assert set(left) == {path.replace("wine", "wine/versions/1.0") for path in told if "wine" in path}


def test_what_the_description_tells_of_answers_as_it_says(shapes):
    document = shapes.ask("GET", "/api/model/info").json
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = json.dumps({"data": [["lists"]]}) if method == "post" else None
            reply = shapes.ask(method.upper(), path.replace("{model_name}", "wine"), body)
            assert str(reply.status) in operation["responses"], path
            assert reply.headers["Content-Type"].partition(";")[0] in operation["produces"]
            assert reply.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"data": [["lists"], [1, 2]]}, "invalid_request", 'row 2 of "data" has 2 cells and row 1 has 1'),
        (
            {"columns": ["shape", "age"], "data": [["lists", 1]]},
            "unknown_column",
            'column "age" is unknown, the model has "shape"',
        ),
        (
            {"columns": ["shape", "shape"], "data": [["lists", 1]]},
            "unknown_column",
            'column "shape" is given 2 times, the model has 1',
        ),
        ({"columns": [], "data": [[]]}, "missing_column", 'column "shape" is missing'),
        (
            {"data": [["lists", 1]]},
            "invalid_request",
            'the rows have 2 cells, the model has 1 columns: "shape"',
        ),
        (
            {"columns": ["shape"], "data": [["lists"], [[]]]},
            "wrong_type",
            'row 2 column 1 ("shape"): an array is not of type string',
        ),
        ({"objects": [{}]}, "invalid_request", '"data" is missing: the model takes it instead of "objects"'),
        (
            '{"data": [["lists"],\n]}',
            "invalid_json",
            "trailing comma at line 1 column 20",
        ),
    ],
)
def test_a_wrong_matrix_is_told_where(shapes, body, code, message):
    reply = shapes.invoke(body)
    assert (reply.status, reply.json) == (400, {"message": message, "code": code})


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (
            {"objects": [{"text": "a"}, {"weight": 1}]},
            "missing_column",
            'object 2 member "text" is missing',
        ),
        (
            {"objects": [{"text": "a", "weight": "b"}]},
            "wrong_type",
            'object 1 member "weight": "b" is not of type number',
        ),
        (
            {"objects": [{"text": "a"}, 1]},
            "invalid_request",
            'object 2 of "objects" is 1, expected an object',
        ),
        ({"data": [[1]]}, "invalid_request", '"objects" is missing: the model takes it instead of "data"'),
    ],
)
def test_wrong_objects_are_told_where(objects, body, code, message):
    reply = objects.invoke(body)
    assert (reply.status, reply.json) == (400, {"message": message, "code": code})


@pytest.mark.parametrize(
    ("content_type", "encode"),
    [
        ('application/json; charset="UTF-8"', "utf-8"),
        ("application/json; charset=us-ascii", "ascii"),
        ("application/json;charset=utf-8;odata=x", "utf-8-sig"),
        ("APPLICATION/JSON", "utf-8-sig"),
    ],
)
def test_json_is_read_in_the_encodings_that_are_utf_8(objects, content_type, encode):
    body = json.dumps({"objects": [{"text": "é!"}]}, ensure_ascii=encode == "ascii").encode(encode)
    reply = objects.invoke(body, **{"Content-Type": content_type})
    assert reply.json == {"prediction": [{"mood": "glad", "weight": None}]}


def test_json_in_another_encoding_is_refused(objects):
    body = json.dumps({"objects": [{"text": "é!"}]}, ensure_ascii=False).encode("latin-1")
    claimed = objects.invoke(body, **{"Content-Type": "application/json; charset=latin-1"})
    assert (claimed.status, claimed.json["code"]) == (415, "unsupported_media_type")
    found_out = objects.invoke(body, **{"Content-Type": "application/json"})
    assert (found_out.status, found_out.json["code"]) == (400, "invalid_json")


REFUSED = [
    ("POST", "/api/model/invoke", b"{", 400),
    ("GET", "/api/model/invoke?x=/api/model/info", None, 405),
    ("PUT", "/api/model/info", b"{}", 405),
    ("OPTIONS", "/healthcheck", None, 405),
    ("GET", "/api/model/../model/info", None, 404),
    ("GET", "//", None, 404),
    ("POST", "/api/model/invoke", b" " * 1001, 413),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSED)
def test_every_refusal_is_json_with_message_and_code(shapes, method, path, body, status):
    reply = shapes.ask(method, path, body, {"X-Request-ID": "mine"})
    assert reply.status == status
    assert reply.headers["Content-Type"] == "application/json"
    assert set(reply.json) == {"message", "code"}
    assert reply.headers["X-Request-ID"] == "mine"
    assert (reply.headers["Allow"] is not None) == (status == 405)


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/api/model/invoke", 405)])
def test_a_refused_head_has_no_body(shapes, path, status):
    reply = shapes.ask("HEAD", path)
    assert (reply.status, reply.body) == (status, b"")
    assert shapes.ask("GET", "/healthcheck").status == 200


def test_a_query_is_overlooked(objects):
    reply = objects.ask("POST", "/api/model/invoke?pretty=1", json.dumps({"objects": [{"text": "!"}]}))
    assert reply.status == 200


@pytest.mark.property
@given(BODIES)
def test_whatever_is_sent_is_predicted_or_refused_with_a_reason(objects, body):
    reply = objects.invoke(body)
    if reply.status == 200:
        assert len(reply.json["prediction"]) == len(json.loads(body)["objects"])
    else:
        assert reply.status == 400
        assert set(reply.json) == {"message", "code"}
        assert reply.json["code"] in {"invalid_json", "invalid_request", "missing_column", "wrong_type"}
