"""Arguments of a packaging: defaults filled in, bounds of the integration and of the packager checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from odahu_pack_core.errors import SpecError
from odahu_pack_core.spec.integration import PackagingIntegration
from odahu_pack_core.spec.origin import FieldPath, Problem, describe
from odahu_pack_core.spec.packaging import ModelPackaging
from odahu_pack_core.spec.validation import problems_of

from .integration import Offer

_ARGUMENTS: FieldPath = ("spec", "arguments")


def bind_arguments(packaging: ModelPackaging, offer: Offer) -> BaseModel:
    """Return the validated arguments of a packaging.

    Raises:
        SpecError: Names each unknown, missing or wrong argument with its place.
    """
    defaults = _written_defaults(offer.written)
    values = {**defaults, **packaging.spec.arguments}
    problems = list(_missing(offer.written, values))
    try:
        arguments = offer.record.arguments.model_validate(values)
    except ValidationError as error:
        found = problems_of(error, offer.record.arguments, values)
        problems += [Problem((*_ARGUMENTS, *problem.path), problem.message) for problem in found]
    if not problems:
        problems = list(_out_of_bounds(offer.written, values))
    if problems:
        blamed = [_blame_default(problem, packaging, offer.written) for problem in problems]
        raise SpecError(describe(blamed, packaging.origin, packaging.place()), code="invalid-arguments")
    return arguments


def _written_defaults(written: PackagingIntegration | None) -> dict[str, Any]:
    if written is None:
        return {}
    keywords = {argument.name: argument.keywords() for argument in written.spec.schema_.arguments.properties}
    return {name: words["default"] for name, words in keywords.items() if words.get("default") is not None}


def _missing(written: PackagingIntegration | None, values: dict[str, Any]) -> Iterator[Problem]:
    for name in written.spec.schema_.arguments.required if written else ():
        if name not in values:
            yield Problem((*_ARGUMENTS, name), f"is required by integration {written.id!r}")  # type: ignore[union-attr]  # written, as the loop ran


def _out_of_bounds(written: PackagingIntegration | None, values: dict[str, Any]) -> Iterator[Problem]:
    """Check the JSON Schema keywords that a written integration adds."""
    if written is None:
        return
    from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415  # only where bounds are written

    for index, argument in enumerate(written.spec.schema_.arguments.properties):
        if argument.name not in values:
            continue
        schema = {name: value for name, value in argument.keywords().items() if name != "default"}
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            path = ("spec", "schema", "arguments", "properties", index)
            problem = Problem(path, f"not valid JSON Schema: {error.message}")
            raise SpecError(describe([problem], written.origin, written.place()), code="invalid") from None
        for fault in Draft202012Validator(schema).iter_errors(values[argument.name]):
            yield Problem((*_ARGUMENTS, argument.name), f"{fault.message} (integration {written.id!r})")


def _blame_default(
    problem: Problem, packaging: ModelPackaging, written: PackagingIntegration | None
) -> Problem:
    """Say so when the fault is not in what the packaging wrote but in its integration's default."""
    name = problem.path[len(_ARGUMENTS)] if len(problem.path) > len(_ARGUMENTS) else ""
    if written is None or name in packaging.spec.arguments or name not in _written_defaults(written):
        return problem
    return Problem(problem.path, f"{problem.message} (the default of integration {written.id!r})")
