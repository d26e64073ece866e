"""The server of a model described by the OpenAPI Specification 2.0, which is called Swagger."""

from typing import Any, Dict, List, NamedTuple, Tuple

from .facts import ModelFacts
from .request import MATRIX
from .schema import Schema, example_request, input_schema, output_schema
from .signature import Field, Signature
from .tensors.example import example_inference

INFO_PATH = "/api/model/info"
INVOKE_PATH = "/api/model/invoke"
HEALTH_PATH = "/healthcheck"
READINESS_PATH = "/readiness"
METRICS_PATH = "/metrics"
MODEL_PATH = "/v2/models/{model_name}"

_JSON = "application/json"
_TEXT = "text/plain"
_MODEL, _OPERATIONS, _PROTOCOL = "Model", "Operations", "Open Inference Protocol"
_TAGS = (
    (_MODEL, "What the model takes and gives"),
    (_OPERATIONS, "For those who keep the server running"),
    (_PROTOCOL, "The same model for clients of KServe and Triton, over HTTP with JSON"),
)
_REFUSALS = (
    ("400", "The request is not what the model takes: the message names row and column"),
    ("408", "The request did not arrive in time"),
    ("413", "The request is too large"),
    ("415", "The request cannot be JSON"),
    ("500", "The model failed"),
    ("503", "No worker can predict now: try again after the seconds in Retry-After"),
    ("504", "The prediction took too long"),
)
_REQUEST_ID = {"type": "string", "description": "The request's own, or a new one"}
_TENSOR = {
    "type": "object",
    "required": ["name", "shape", "datatype"],
    "properties": {
        "name": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer"}},
        "datatype": {"type": "string"},
        "data": {"type": "array", "items": {}},
    },
}
_MODEL_NAMED = {
    "Model-Name": {"type": "string", "description": "Percent-encoded"},
    "Model-Version": {"type": "string", "description": "Percent-encoded"},
}


class _Read(NamedTuple):
    """A path that is only read."""

    path: str
    tag: str
    name: str
    summary: str
    answers: Tuple[Tuple[str, str], ...]
    media_type: str = _JSON


_READS = (
    _Read(INFO_PATH, _MODEL, "info", "Describe the model and its server", (("200", "This document"),)),
    _Read(
        HEALTH_PATH,
        _OPERATIONS,
        "healthcheck",
        "Tell whether the server lives",
        (("200", "The server lives"),),
    ),
    _Read(
        READINESS_PATH,
        _OPERATIONS,
        "readiness",
        "Tell whether the model can predict",
        (("200", "A worker can predict"), ("503", "No worker can predict now")),
    ),
    _Read(
        METRICS_PATH,
        _OPERATIONS,
        "metrics",
        "Tell counts and times to Prometheus",
        (("200", "The metrics in Prometheus' text format"),),
        _TEXT,
    ),
    _Read("/v2", _PROTOCOL, "server_metadata", "Describe the server", (("200", "Its name and extensions"),)),
    _Read("/v2/health/live", _PROTOCOL, "live", "Tell whether the server lives", (("200", "It lives"),)),
    _Read(
        "/v2/health/ready",
        _PROTOCOL,
        "ready",
        "Tell whether the server is ready",
        (("200", "It is"), ("503", "It is not")),
    ),
    _Read(
        MODEL_PATH,
        _PROTOCOL,
        "model_metadata",
        "Describe the model's tensors",
        (("200", "Their names and types"), ("404", "The model has another name"), ("503", "Not loaded yet")),
    ),
    _Read(
        MODEL_PATH + "/ready",
        _PROTOCOL,
        "model_ready",
        "Tell whether the model can predict",
        (("200", "It can"), ("404", "The model has another name"), ("503", "It cannot now")),
    ),
)


def swagger(facts: ModelFacts, mode: str, signature: Signature) -> Dict[str, Any]:
    """Describe the server of a model.

    Args:
        facts: the model's name and version.
        mode: its prediction mode.
        signature: what it says about itself.

    Returns:
        A document that conforms to the OpenAPI Specification 2.0.
    """
    paths = {read.path: {"get": _reading(read, facts)} for read in _READS}
    paths[INVOKE_PATH] = {"post": _invoke()}
    paths[MODEL_PATH + "/infer"] = {"post": _infer(facts)}
    return {
        "swagger": "2.0",
        # A name is anybody's text: it stands where no reader takes it for Markdown.
        "info": {"title": facts.name, "version": facts.version, "description": "Predictions of one model"},
        "tags": [{"name": name, "description": text} for name, text in _TAGS],
        "paths": paths,
        "definitions": _definitions(mode, signature),
    }


def _definitions(mode: str, signature: Signature) -> Schema:
    needed = "data" if mode == MATRIX else "objects"
    request = _document(input_schema(mode, signature), signature.inputs, needed)
    request["example"] = example_request(mode, signature)
    tensors = {"type": "array", "items": {"$ref": "#/definitions/Tensor"}}
    return {
        "PredictionParameters": request,
        "PredictionResponse": _document(output_schema(mode, signature), signature.outputs, "prediction"),
        "Error": _texts("message", "code"),
        "InferenceRequest": {
            "type": "object",
            "required": ["inputs"],
            "properties": {"inputs": tensors},
            "example": example_inference(mode, signature),
        },
        "InferenceResponse": {"type": "object", "properties": {"outputs": tensors}},
        "Tensor": _TENSOR,
        "InferenceError": _texts("error"),
    }


def _document(members: Schema, fields: List[Field], required: str) -> Schema:
    # A matrix has one type for all cells in Swagger 2.0, so the columns are told in full beside it.
    columns = [
        {"name": field.name, "type": field.type, "required": field.required, "example": field.example}
        for field in fields
    ]
    return {"type": "object", "required": [required], "properties": members, "x-columns": columns}


def _texts(*names: str) -> Schema:
    return {
        "type": "object",
        "required": list(names),
        "properties": {name: {"type": "string"} for name in names},
    }


def _reading(read: _Read, facts: ModelFacts) -> Dict[str, Any]:
    schema: Schema = {"type": "string" if read.media_type == _TEXT else "object"}
    answers = {
        code: _answer(text, _error(read.tag) if code > "400" else schema) for code, text in read.answers
    }
    return {
        "tags": [read.tag],
        "operationId": read.name,
        "summary": read.summary,
        "produces": [read.media_type],
        "parameters": [_model_name(facts)] if read.path.startswith(MODEL_PATH) else [],
        "responses": answers,
    }


def _invoke() -> Dict[str, Any]:
    success = _answer(
        "The predictions, in the order of the request", {"$ref": "#/definitions/PredictionResponse"}
    )
    success["headers"].update(_MODEL_NAMED)
    request_id = {
        "in": "header",
        "name": "X-Request-ID",
        "type": "string",
        "maxLength": 128,
        "description": "Tells the request from others, here and in the log",
    }
    body = {
        "in": "body",
        "name": "PredictionParameters",
        "required": True,
        "schema": {"$ref": "#/definitions/PredictionParameters"},
    }
    return _posting(_MODEL, "invoke", "Predict", [body, request_id], success)


def _infer(facts: ModelFacts) -> Dict[str, Any]:
    body = {
        "in": "body",
        "name": "InferenceRequest",
        "required": True,
        "schema": {"$ref": "#/definitions/InferenceRequest"},
    }
    success = _answer("The output tensors", {"$ref": "#/definitions/InferenceResponse"})
    return _posting(_PROTOCOL, "infer", "Predict on tensors", [_model_name(facts), body], success)


def _posting(
    tag: str, name: str, summary: str, parameters: List[Dict[str, Any]], success: Dict[str, Any]
) -> Dict[str, Any]:
    refusals = {code: _answer(text, _error(tag)) for code, text in _REFUSALS}
    refusals["503"]["headers"]["Retry-After"] = {"type": "integer", "description": "Seconds"}
    return {
        "tags": [tag],
        "operationId": name,
        "summary": summary,
        "consumes": [_JSON],
        "produces": [_JSON],
        "parameters": parameters,
        "responses": dict([("200", success)], **refusals),
    }


def _answer(text: str, schema: Schema) -> Dict[str, Any]:
    return {"description": text, "schema": schema, "headers": {"X-Request-ID": _REQUEST_ID}}


def _error(tag: str) -> Schema:
    return {"$ref": "#/definitions/InferenceError" if tag == _PROTOCOL else "#/definitions/Error"}


def _model_name(facts: ModelFacts) -> Dict[str, Any]:
    return {"in": "path", "name": "model_name", "required": True, "type": "string", "default": facts.name}
