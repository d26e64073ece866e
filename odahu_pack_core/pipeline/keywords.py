"""The JSON Schema keywords with which a written integration bounds its arguments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from odahu_pack_core.errors import did_you_mean
from odahu_pack_core.spec.integration import ArgumentProperty, PackagingIntegration
from odahu_pack_core.spec.origin import FieldPath, Problem

_PROPERTIES: Final[FieldPath] = ("spec", "schema", "arguments", "properties")
_ANNOTATIONS: Final = {"default", "deprecated", "description", "examples", "format", "title"}


def unusable_keywords(written: PackagingIntegration) -> Iterator[Problem]:
    """Find keywords that JSON Schema does not know, or that say nothing it could check.

    Args:
        written: The integration as the user wrote it.
    """
    for index, argument in enumerate(written.spec.schema_.arguments.properties):
        path = (*_PROPERTIES, index)
        problems = [*_unknown(argument, path)]
        yield from problems or _invalid(argument, path)


def _unknown(argument: ArgumentProperty, path: FieldPath) -> Iterator[Problem]:
    from jsonschema import Draft202012Validator  # noqa: PLC0415  # only where bounds are written

    # A reference could lead anywhere, over the network, too.
    known = {name for name in Draft202012Validator.VALIDATORS if not name.startswith("$")} | _ANNOTATIONS
    for index, parameter in enumerate(argument.parameters):
        place = (*path, "parameters", index)
        if parameter.name not in known:
            near = did_you_mean(parameter.name, known)
            yield Problem(
                (*place, "name"), f"JSON Schema has no keyword {parameter.name!r} to use here; {near}"
            )
        elif _refers(parameter.value):
            yield Problem((*place, "value"), "references are not followed")


def _refers(value: Any) -> bool:  # noqa: ANN401  # a keyword's value is any JSON
    if isinstance(value, dict):
        return any(key.startswith("$") or _refers(member) for key, member in value.items())
    return isinstance(value, list) and any(map(_refers, value))


def _invalid(argument: ArgumentProperty, path: FieldPath) -> Iterator[Problem]:
    from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415  # as above

    try:
        Draft202012Validator.check_schema(argument.keywords())
    except SchemaError as error:
        where = ".".join(map(str, error.absolute_path))
        yield Problem(path, f"not valid JSON Schema: {where}: {error.message}")
