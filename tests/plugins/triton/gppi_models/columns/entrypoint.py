"""Columns of every type, some of which may be left out; returns what it was given, and more."""

import math


def init():
    return "matrix"


def predict_on_matrix(input_matrix, provided_columns_names=None):
    return [_answer(dict(zip(provided_columns_names, row))) for row in input_matrix], [
        "greeting",
        "older",
        "member",
        "half",
        "count",
    ]


def info():
    inputs = [
        {"name": "name", "type": "string", "required": True, "example": "Ada"},
        {"name": "age", "type": "integer", "required": True, "example": 36},
        {"name": "member", "type": "boolean", "required": False, "example": True},
        {"name": "weight", "type": "number", "required": False, "example": 61.5},
        {"name": "tags", "type": "array", "required": False, "example": ["x"]},
    ]
    outputs = [
        {"name": "greeting", "type": "string", "example": "hello Ada"},
        {"name": "older", "type": "integer", "example": 37},
        {"name": "member", "type": "boolean", "example": True},
        {"name": "half", "type": "number", "example": 30.75},
        {"name": "count", "type": "object", "example": {"tags": 1}},
    ]
    return inputs, outputs


def _answer(person):
    if person["name"] == "":
        raise ValueError("nobody has no name")
    weight = person.get("weight")
    half = math.nan if weight is None or math.isnan(weight) else weight / 2
    count = {"tags": len(person.get("tags") or [])}
    return ["hello " + person["name"], person["age"] + 1, bool(person.get("member")), half, count]
