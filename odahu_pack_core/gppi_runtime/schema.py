"""A model described for its callers: JSON schemas of both documents, and the Swagger 2.0 of its server."""

from typing import Any, Dict, List

from .facts import ModelFacts
from .request import MATRIX
from .signature import Field, Signature

Schema = Dict[str, Any]

INFO_PATH = "/api/model/info"
INVOKE_PATH = "/api/model/invoke"
HEALTH_PATH = "/healthcheck"

_ERRORS = {
    "400": "The request is not what the model takes",
    "408": "The request did not arrive in time",
    "413": "The request is too large",
    "415": "The request cannot be JSON",
    "500": "The model failed",
    "503": "No worker can predict now: try again after the seconds in Retry-After",
    "504": "The prediction took too long",
}


def input_schema(mode: str, signature: Signature) -> Schema:
    """Describe the members of a request document.

    Args:
        mode: the model's prediction mode.
        signature: what the model says about itself; without inputs the schema leaves types open.

    Returns:
        A schema for each member: ``columns`` and ``data``, or ``objects``.
    """
    fields = signature.inputs
    if mode == MATRIX:
        rows = {"items": _row(fields), "type": "array", "example": _example_rows(fields)}
        return {"columns": _columns(fields), "data": rows}
    return {"objects": _objects(fields)}


def output_schema(mode: str, signature: Signature) -> Schema:
    """Describe the members of a result document.

    Args:
        mode: the model's prediction mode.
        signature: what the model says about itself; without outputs the schema leaves types open.

    Returns:
        A schema for each member: ``prediction``, and ``columns`` in the mode ``matrix``.
    """
    fields = signature.outputs
    if mode == MATRIX:
        rows = {"example": _example_rows(fields), "items": _row(fields), "type": "array"}
        return {"prediction": rows, "columns": _columns(fields)}
    return {"prediction": _objects(fields)}


def printed_output_schema(mode: str, signature: Signature) -> Schema:
    """Describe a result document as ODAHU's commands print it: ``items`` of a matrix are its cells."""
    schema = output_schema(mode, signature)
    if mode == MATRIX:
        schema["prediction"]["items"] = _cell(signature.outputs)
    return schema


def swagger(facts: ModelFacts, mode: str, signature: Signature) -> Dict[str, Any]:
    """Describe the server of a model.

    Args:
        facts: the model's name and version.
        mode: its prediction mode.
        signature: what it says about itself.

    Returns:
        A document that conforms to the OpenAPI Specification 2.0.
    """
    error = {"$ref": "#/definitions/Error"}
    failures = {code: {"description": text, "schema": error} for code, text in _ERRORS.items()}
    return {
        "swagger": "2.0",
        "info": {
            "title": facts.name,
            "version": facts.version,
            "description": f"Predictions of the model {facts.name} {facts.version}",
        },
        "paths": {
            INFO_PATH: {"get": _plain_operation("Describe the model", {"200": "This document"})},
            INVOKE_PATH: {"post": _invoke(failures)},
            HEALTH_PATH: {"get": _plain_operation("Tell whether the model can predict", _HEALTH)},
        },
        "definitions": {
            "PredictionParameters": _document(input_schema(mode, signature), signature.inputs, _needed(mode)),
            "PredictionResponse": _document(output_schema(mode, signature), signature.outputs, "prediction"),
            "Error": {
                "type": "object",
                "required": ["message", "code"],
                "properties": {"message": {"type": "string"}, "code": {"type": "string"}},
            },
        },
    }


_HEALTH = {"200": "The model can predict", "503": "The model cannot predict now"}


def _plain_operation(summary: str, answers: Dict[str, str]) -> Dict[str, Any]:
    responses = {code: {"description": text, "schema": {"type": "object"}} for code, text in answers.items()}
    return {"summary": summary, "produces": ["application/json"], "responses": responses}


def _invoke(failures: Dict[str, Any]) -> Dict[str, Any]:
    success = {
        "description": "The predictions, in the order of the request",
        "schema": {"$ref": "#/definitions/PredictionResponse"},
        "headers": {
            "Model-Name": {"type": "string", "description": "Percent-encoded"},
            "Model-Version": {"type": "string", "description": "Percent-encoded"},
        },
    }
    body = {
        "in": "body",
        "name": "PredictionParameters",
        "required": True,
        "schema": {"$ref": "#/definitions/PredictionParameters"},
    }
    return {
        "summary": "Predict",
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "parameters": [body],
        "responses": dict([("200", success)], **failures),
    }


def _needed(mode: str) -> str:
    return "data" if mode == MATRIX else "objects"


def _document(members: Schema, fields: List[Field], required: str) -> Schema:
    # A matrix has one type for all cells in Swagger 2.0, so the columns are told in full beside it.
    columns = [
        {"name": field.name, "type": field.type, "required": field.required, "example": field.example}
        for field in fields
    ]
    return {"type": "object", "required": [required], "properties": members, "x-columns": columns}


def _columns(fields: List[Field]) -> Schema:
    return {"example": [field.name for field in fields], "items": {"type": "string"}, "type": "array"}


def _row(fields: List[Field]) -> Schema:
    return {"items": _cell(fields), "type": "array"}


def _cell(fields: List[Field]) -> Schema:
    types = {field.type for field in fields}
    if types == {"integer", "number"}:
        return {"type": "number"}
    return {"type": fields[0].type} if len(types) == 1 and fields[0].type else {}


def _example_rows(fields: List[Field]) -> List[List[Any]]:
    return [[field.example for field in fields]] if fields else []


def _objects(fields: List[Field]) -> Schema:
    members = {
        field.name: dict({"example": field.example}, **({"type": field.type} if field.type else {}))
        for field in fields
    }
    item: Schema = {"properties": members, "type": "object"}
    required = sorted({field.name for field in fields if field.required})
    if required:
        item["required"] = required
    example = [{field.name: field.example for field in fields}] if fields else []
    return {"example": example, "items": item, "type": "array"}
