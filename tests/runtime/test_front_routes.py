"""The routes of the server, asked over HTTP."""

import json
import socket

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator

from tests.runtime.serving import serve

KNOWN_REQUEST = {"columns": ["features", "features", "features"], "data": [[1, 2, 3], [4, 5, 6]]}
KNOWN_RESULT = {"prediction": [[0.09405578672885895], [0.01238546592343845]], "columns": ["predictions"]}


@pytest.fixture(scope="module")
def wine(runtime, model, tmp_path_factory):
    packed = model("wine", name="wine é/\n", version="1.0 beta")
    with serve(runtime, packed, tmp_path_factory.mktemp("log"), "--max-body-bytes", "20000") as front:
        yield front


def test_the_documented_request_gets_the_documented_result(wine):
    reply = wine.invoke(KNOWN_REQUEST)
    assert (reply.status, reply.json) == (200, KNOWN_RESULT)
    assert reply.headers["Content-Type"] == "application/json"


def test_a_prediction_names_the_model_percent_encoded(wine):
    headers = wine.invoke(KNOWN_REQUEST).headers
    assert headers["Model-Name"] == "wine%20%C3%A9%2F%0A"
    assert headers["Model-Version"] == "1.0%20beta"


@pytest.mark.parametrize(
    "content_type",
    [None, "application/x-www-form-urlencoded", "application/json; charset=UTF-8", "text/plain", "a/b+json"],
)
def test_a_body_is_read_as_json(wine, content_type):
    headers = {} if content_type is None else {"Content-Type": content_type}
    reply = wine.ask("POST", "/api/model/invoke", json.dumps(KNOWN_REQUEST).encode(), headers)
    assert reply.json == KNOWN_RESULT


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/csv"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "image/png"},
        {"Content-Type": "application/soap+xml"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Encoding": "gzip"},
    ],
)
def test_a_body_that_cannot_be_json_is_refused(wine, headers):
    reply = wine.invoke(KNOWN_REQUEST, **headers)
    assert (reply.status, reply.json["code"]) == (415, "unsupported_media_type")


def test_a_trailing_comma_is_named_with_its_place(wine):
    reply = wine.invoke('{"columns": ["features", "features", "features"],\n "data": [[1, 2, 3,]]}')
    assert (reply.status, reply.json["code"]) == (400, "invalid_json")
    assert reply.json["message"] == "trailing comma at line 2 column 19"
    assert "Model-Name" not in reply.headers


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"", "invalid_json", "line 1 column 1"),
        (b"\xff", "invalid_json", "UTF-8"),
        (b"[1]", "invalid_request", "an array"),
        (b"{}", "invalid_request", '"data" is missing'),
        (b'{"data": []}', "invalid_request", "empty"),
        (b'{"data": "abc"}', "invalid_request", "a string"),
        (b'{"data": [[1, 2, NaN]]}', "invalid_json", "NaN is not JSON"),
        (b'{"data": [[1, 2, 3], [1, 2]]}', "invalid_request", "row 2"),
        (b'{"data": [[1, 2]]}', "invalid_request", "2 cells"),
        (b'{"data": [[1, 2, "x"]]}', "wrong_type", "row 1 column 3"),
        (b'{"columns": ["features", "features", "age"], "data": [[1, 2, 3]]}', "unknown_column", '"age"'),
        (b'{"columns": ["features", "features"], "data": [[1, 2]]}', "missing_column", '"features"'),
        (b"[" * 9_000, "invalid_json", ""),
        (b"[1, " + b"1" * 4_301 + b"]", "invalid_json", "an integer has too many digits"),
    ],
)
def test_a_wrong_request_is_the_clients_fault(wine, body, code, words):
    reply = wine.invoke(body)
    assert (reply.status, reply.json["code"]) == (400, code)
    assert words in reply.json["message"]


def test_info_is_valid_swagger_with_the_models_types(wine):
    reply = wine.ask("GET", "/api/model/info")
    document = reply.json
    OpenAPIV2SpecValidator(document).validate()
    assert document["info"]["title"] == "wine é/\n"
    assert set(document["paths"]) >= {"/api/model/info", "/api/model/invoke", "/healthcheck"}
    request = document["definitions"]["PredictionParameters"]
    assert request["properties"]["data"]["items"]["items"] == {"type": "number"}
    assert [column["name"] for column in request["x-columns"]] == ["features"] * 3


def test_the_health_of_a_loaded_model_is_true(wine):
    reply = wine.ask("GET", "/healthcheck")
    assert (reply.status, reply.json) == (200, {"status": True})


@pytest.mark.parametrize("path", ["/healthcheck", "/api/model/info"])
def test_head_answers_without_a_body(wine, path):
    got, head = wine.ask("GET", path), wine.ask("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(got.body))


@pytest.mark.parametrize("path", ["/api/model/invoke/", "/api/model", "/docs"])
def test_an_unknown_path_is_not_found(wine, path):
    reply = wine.ask("GET", path)
    assert (reply.status, reply.json["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/api/model/invoke", "POST"), ("DELETE", "/healthcheck", "GET, HEAD")],
)
def test_a_wrong_method_learns_the_right_one(wine, method, path, allowed):
    reply = wine.ask(method, path)
    assert (reply.status, reply.json["code"]) == (405, "method_not_allowed")
    assert reply.headers["Allow"] == allowed


def test_a_body_over_the_limit_is_refused_by_its_length(wine):
    reply = wine.invoke(b" " * 20_001)
    assert (reply.status, reply.json["code"]) == (413, "too_large")


def test_a_body_over_the_limit_is_refused_without_a_length(wine):
    reply = wine.ask("POST", "/api/model/invoke", iter([b" " * 15_000] * 2))
    assert (reply.status, reply.json["code"]) == (413, "too_large")


def test_a_connection_serves_many_requests(wine):
    connection = wine.connect()
    for _ in range(3):
        connection.request("POST", "/api/model/invoke", json.dumps(KNOWN_REQUEST))
        assert json.loads(connection.getresponse().read()) == KNOWN_RESULT
    connection.close()


def test_a_request_that_is_not_http_is_refused(wine):
    with socket.create_connection(("127.0.0.1", wine.port), timeout=5) as line:
        line.sendall(b"hello\r\n\r\n")
        answer = line.recv(1000)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b'"invalid_http"' in answer
    assert wine.invoke(KNOWN_REQUEST).status == 200


def test_each_request_is_a_line_of_the_access_log(wine):
    wine.ask("GET", "/unheard-of")
    wine.wait(lambda: "unheard-of" in wine.stdout)
    line = next(json.loads(line) for line in wine.stdout.splitlines() if "unheard-of" in line)
    assert (line["method"], line["path"], line["status"]) == ("GET", "/unheard-of", 404)
    assert (line["client"], line["request_bytes"]) == ("127.0.0.1", 0)
    assert 0 < line["seconds"] < 5


def test_objects_are_answered_with_objects(runtime, model, tmp_path):
    with serve(runtime, model("objects"), tmp_path) as front:
        reply = front.invoke({"objects": [{"text": "hi!", "weight": 2}, {"text": "hi"}]})
        assert reply.json == {"prediction": [{"mood": "glad", "weight": 2}, {"mood": "calm", "weight": None}]}
        assert front.invoke({"data": [["hi!"]]}).status == 400
        missing = front.invoke({"objects": [{"text": "hi"}, {"weight": 1}]})
        assert (missing.status, missing.json["code"]) == (400, "missing_column")
        OpenAPIV2SpecValidator(front.ask("GET", "/api/model/info").json).validate()
