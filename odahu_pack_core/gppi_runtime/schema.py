"""The documents of a model described for its callers: JSON schemas, and a request to begin with."""

from typing import Any, Dict, List, Optional

from .request import MATRIX, OBJECTS
from .signature import Field, Signature, accepts

Schema = Dict[str, Any]

# What a field is shown with whose model gives no example.
_SAMPLES: Dict[Optional[str], Any] = {
    None: 0,
    "number": 0,
    "integer": 0,
    "string": "",
    "boolean": False,
    "array": [],
    "object": {},
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


def example_request(mode: str, signature: Signature) -> Dict[str, Any]:
    """Make a request that is not refused, from the model's own examples as far as it gives any.

    Args:
        mode: the model's prediction mode.
        signature: what the model says about itself; without inputs the request is one that could be meant.

    Returns:
        A request document with one row or object.
    """
    fields = signature.inputs
    if mode == OBJECTS:
        return {OBJECTS: [_example_object(fields)]}
    if not fields:
        return {"data": [[0]]}
    return {"columns": [field.name for field in fields], "data": _example_rows(fields)}


def _columns(fields: List[Field]) -> Schema:
    return {"example": [field.name for field in fields], "items": {"type": "string"}, "type": "array"}


def _row(fields: List[Field]) -> Schema:
    return {"items": _cell(fields), "type": "array"}


def _cell(fields: List[Field]) -> Schema:
    types = {field.type for field in fields}
    if types == {"integer", "number"}:
        return {"type": "number"}
    return _typed(types.pop()) if len(types) == 1 else {}


def _typed(name: Optional[str]) -> Schema:
    if name is None:
        return {}
    # Swagger 2.0 has no arrays of nothing in particular but those of empty schemas.
    return {"type": name, "items": {}} if name == "array" else {"type": name}


def _example_rows(fields: List[Field]) -> List[List[Any]]:
    return [[_example([field]) for field in fields]] if fields else []


def _objects(fields: List[Field]) -> Schema:
    item: Schema = {"properties": _members(fields), "type": "object"}
    required = sorted({field.name for field in fields if field.required})
    if required:
        item["required"] = required
    example = [_example_object(fields)] if fields else []
    return {"example": example, "items": item, "type": "array"}


def _members(fields: List[Field]) -> Schema:
    members = {}
    for name, same in _by_name(fields).items():
        members[name] = dict({"example": _example(same)}, **_cell(same))
    return members


def _example_object(fields: List[Field]) -> Dict[str, Any]:
    return {name: _example(same) for name, same in _by_name(fields).items()}


def _by_name(fields: List[Field]) -> Dict[str, List[Field]]:
    # An object has each name once: what stands there must do for all fields that share it.
    named: Dict[str, List[Field]] = {}
    for field in fields:
        named.setdefault(field.name, []).append(field)
    return named


def _example(fields: List[Field]) -> Any:
    told = [field.example for field in fields if field.example is not None]
    guessed = [_SAMPLES[field.type] for field in fields]
    fitting = (each for each in told + guessed if all(accepts(field, each) for field in fields))
    return next(fitting, None)
