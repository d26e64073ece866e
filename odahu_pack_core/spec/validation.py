"""Documents validated against a model, every fault told with its place and a near match."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from odahu_pack_core.errors import SpecError, did_you_mean

from .entity import IDENTIFIER_PATTERN
from .origin import FieldPath, Problem, describe

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from .document import Document

ModelT = TypeVar("ModelT", bound=BaseModel)

_BOUNDS = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "literal_error": "must be {expected}",
}
_EXPECTED = {
    "string_type": "must be text; put it in quotes if it looks like a number",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "missing": "is required",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}


def validate_document(document: Document, model: type[ModelT]) -> ModelT:
    """Return the document as a model.

    Raises:
        SpecError: Names each fault with its place; ``SpecError.message`` has a line for each.
    """
    try:
        return model.model_validate(document.value, by_alias=True, by_name=False)
    except ValidationError as error:
        problems = problems_of(error, model, document.value)
        raise SpecError(describe(problems, document.origin), code="invalid") from None


def problems_of(error: ValidationError, model: type[BaseModel], value: object) -> list[Problem]:
    """Return pydantic's errors as problems, in words, with near matches for unknown keys.

    Args:
        error: What pydantic found.
        model: The model that was asked for.
        value: The value that was validated.
    """
    return [
        _problem(details, model, value) for details in error.errors(include_url=False, include_input=False)
    ]


def _problem(details: ErrorDetails, model: type[BaseModel], value: object) -> Problem:
    path = _written_path(details["loc"], value)
    kind = details["type"]
    if kind == "extra_forbidden":
        keys = _keys_beside(model, path)
        return Problem(path, f"unknown key; {did_you_mean(str(path[-1]), keys)}")
    if kind == "string_pattern_mismatch" and details.get("ctx", {}).get("pattern") == IDENTIFIER_PATTERN:
        return Problem(path, "must be lowercase letters, digits and '-', with a letter or digit at both ends")
    if kind in _BOUNDS:
        return Problem(path, _BOUNDS[kind].format_map(details.get("ctx", {})))
    message = _EXPECTED.get(kind) or details["msg"].removeprefix("Value error, ")
    return Problem(path, message[:1].lower() + message[1:])


def _written_path(loc: tuple[str | int, ...], value: Any) -> FieldPath:  # noqa: ANN401  # any document
    """Drop from pydantic's location what is not in the document, such as a union's tags."""
    path: list[str | int] = []
    for position, part in enumerate(loc):
        is_last = position == len(loc) - 1
        if isinstance(value, Mapping) and (part in value or is_last):
            value = value.get(part)
        elif isinstance(value, list | tuple) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def _keys_beside(model: type[BaseModel], path: FieldPath) -> list[str]:
    """Return the keys that are known where the last part of the path was written."""
    schema = model.model_json_schema(by_alias=True)
    keys: list[str] = []
    for node in _schemas_at(schema, schema, path[:-1]):
        keys += node.get("properties", {})
    return keys


def _schemas_at(root: dict[str, Any], node: dict[str, Any], path: FieldPath) -> list[dict[str, Any]]:
    """Follow a field path through a JSON Schema, into every branch of its unions."""
    if "$ref" in node:
        return _schemas_at(root, root["$defs"][node["$ref"].rpartition("/")[2]], path)
    branches = [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]
    if branches:
        return [found for branch in branches for found in _schemas_at(root, branch, path)]
    if not path:
        return [node]
    child = node.get("items") if isinstance(path[0], int) else node.get("properties", {}).get(path[0])
    return _schemas_at(root, child, path[1:]) if isinstance(child, dict) else []
