"""Arguments of a packaging: defaults filled in, bounds of the integration and of the packager checked."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
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
    values = {**_written_defaults(offer.written), **packaging.spec.arguments}
    arguments, problems = _validated(offer.record.arguments, values)
    if offer.written:
        problems += _missing(offer.written, values, known={problem.path for problem in problems})
        wrong = {problem.path[0] for problem in problems if problem.path}
        problems += _out_of_bounds(offer, offer.written, values, wrong)
    if arguments is None or problems:
        blamed = [_blamed(problem, packaging, offer.written) for problem in problems]
        raise SpecError(describe(blamed, packaging.origin, packaging.place()), code="invalid-arguments")
    return arguments


def _written_defaults(written: PackagingIntegration | None) -> dict[str, Any]:
    if written is None:
        return {}
    keywords = {argument.name: argument.keywords() for argument in written.spec.schema_.arguments.properties}
    return {name: words["default"] for name, words in keywords.items() if words.get("default") is not None}


def _validated(model: type[BaseModel], values: dict[str, Any]) -> tuple[BaseModel | None, list[Problem]]:
    try:
        return model.model_validate(values, by_alias=True, by_name=False), []
    except ValidationError as error:
        return None, problems_of(error, model, values)


def _missing(
    written: PackagingIntegration, values: Mapping[str, Any], *, known: Container[FieldPath]
) -> Iterator[Problem]:
    for name in written.spec.schema_.arguments.required:
        if name not in values and (name,) not in known:
            yield Problem((name,), f"is required by integration {written.id!r}")


def _out_of_bounds(
    offer: Offer, written: PackagingIntegration, values: Mapping[str, Any], wrong: Container[str | int]
) -> Iterator[Problem]:
    """Check the JSON Schema keywords that a written integration adds, of the packager's own defaults, too."""
    properties = offer.integration.spec.schema_.arguments.properties
    defaults = {argument.name: argument.keywords().get("default") for argument in properties}
    for argument in written.spec.schema_.arguments.properties:
        value = values.get(argument.name, defaults.get(argument.name))
        if value is None or argument.name in wrong:
            continue
        from jsonschema import Draft202012Validator  # noqa: PLC0415  # only where bounds are written

        schema = {name: keyword for name, keyword in argument.keywords().items() if name != "default"}
        whose = "" if argument.name in values else f"; {value!r} is the packager's default"
        for fault in Draft202012Validator(schema).iter_errors(value):
            yield Problem((argument.name,), f"{fault.message} (integration {written.id!r}{whose})")


def _blamed(problem: Problem, packaging: ModelPackaging, written: PackagingIntegration | None) -> Problem:
    """Return the problem at its place; say so where the packaging is not to blame, but a written default."""
    name = problem.path[0] if problem.path else ""
    innocent = name not in packaging.spec.arguments and name in _written_defaults(written)
    blame = f" (the default of integration {written.id!r})" if written and innocent else ""
    return Problem((*_ARGUMENTS, *problem.path), problem.message + blame)
