"""Integrations: what a packager offers as an entity, and what a written integration changes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Final

from pydantic import PydanticUserError

from odahu_pack_core.errors import PluginError, SpecError, did_you_mean
from odahu_pack_core.names import INTEGRATION_OF_ENTRYPOINT
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.plugins.records import PackagerRecord, TargetRule
from odahu_pack_core.spec.integration import (
    ArgumentProperty,
    ArgumentsSchema,
    IntegrationSchema,
    IntegrationSpec,
    PackagingIntegration,
    Parameter,
    TargetSchema,
)
from odahu_pack_core.spec.origin import FieldPath, Problem, describe
from odahu_pack_core.spec.packaging import ModelPackaging
from odahu_pack_core.values import dataclass

from .keywords import unusable_keywords

_TARGETS: Final[FieldPath] = ("spec", "schema", "targets")
_ARGUMENTS: Final[FieldPath] = ("spec", "schema", "arguments")


@dataclass(frozen=True)
class Offer:
    """A packager together with the integration through which it is used.

    Args:
        record: The packager.
        written: The integration that the user wrote; None when the packager's own is used.
        overlaid: The packager's own integration as the written one changes it.
    """

    record: PackagerRecord
    written: PackagingIntegration | None = None
    overlaid: PackagingIntegration | None = None

    @cached_property
    def integration(self) -> PackagingIntegration:
        """Targets and arguments of the packager, with what the written integration changes."""
        return self.overlaid or integration_of(self.record)

    @cached_property
    def targets(self) -> tuple[TargetSchema, ...]:
        """The integration's targets, to be had without making a schema of all arguments."""
        if self.overlaid:
            return self.overlaid.spec.schema_.targets
        return tuple(_target(rule) for rule in self.record.targets)


def find_offer(
    packaging: ModelPackaging, integrations: Sequence[PackagingIntegration], catalog: PluginCatalog
) -> Offer:
    """Find the packager that a packaging names, by a written integration or by its own name.

    Raises:
        PluginError: There is no such integration or packager.
        SpecError: The written integration contradicts its packager.
    """
    name = packaging.spec.integration_name
    written = next((integration for integration in integrations if integration.id == name), None)
    if written is None:
        if name not in catalog.packagers:
            _refuse_unknown(packaging, integrations, catalog)
        return Offer(catalog.packager(name))
    record = _packager_of(written, catalog)
    return Offer(record, written, overlaid(record, written))


def integration_of(record: PackagerRecord) -> PackagingIntegration:
    """Return a packager as a PackagingIntegration; the argument schema comes from its pydantic model.

    Raises:
        PluginError: The model has no JSON Schema.
    """
    try:
        schema = record.arguments.model_json_schema(by_alias=True)
    except PydanticUserError as error:
        reason = f"the arguments of packager {record.name!r} have no JSON Schema: {error.message}"
        raise PluginError(reason, code="plugin-failed") from error
    arguments = ArgumentsSchema(
        properties=tuple(
            _property(name, _telling(keywords)) for name, keywords in schema.get("properties", {}).items()
        ),
        required=tuple(schema.get("required", ())),
    )
    targets = tuple(_target(rule) for rule in record.targets)
    spec = IntegrationSpec(
        packager=record.name, schema_=IntegrationSchema(targets=targets, arguments=arguments)
    )
    return PackagingIntegration(id=record.name, spec=spec)


def _refuse_unknown(
    packaging: ModelPackaging, integrations: Iterable[PackagingIntegration], catalog: PluginCatalog
) -> None:
    path: FieldPath = ("spec", "integrationName")
    name = packaging.spec.integration_name
    known = {*catalog.packagers, *(integration.id for integration in integrations)}
    problem = Problem(path, f"unknown integration {name!r}; {did_you_mean(name, known)}")
    broken = [f"{plugin.distribution} is broken: {plugin.reason}" for plugin in catalog.broken]
    hint = (
        "\n".join(broken)
        or "packagers are installed with pip, for example: pip install odahu-pack-docker-rest"
    )
    raise PluginError(
        describe([problem], packaging.origin, packaging.place()), code="unknown-plugin", hint=hint
    )


def _packager_of(written: PackagingIntegration, catalog: PluginCatalog) -> PackagerRecord:
    """Return the packager behind a written integration: named, by its id, or by ODAHU's entrypoint."""
    name = written.spec.packager
    if name is None:
        by_entrypoint = INTEGRATION_OF_ENTRYPOINT.get(written.spec.entrypoint or "")
        name = written.id if written.id in catalog.packagers else by_entrypoint
    if name is None:
        problem = Problem(("spec", "packager"), f"is required; {did_you_mean(written.id, catalog.packagers)}")
        raise SpecError(describe([problem], written.origin, written.place()), code="invalid")
    try:
        return catalog.packager(name)
    except PluginError as error:
        path: FieldPath = ("spec", "packager") if written.spec.packager else ("spec", "entrypoint")
        message = describe([Problem(path, error.message)], written.origin, written.place())
        raise PluginError(message, code=error.code, hint=error.hint) from None


def overlaid(record: PackagerRecord, written: PackagingIntegration) -> PackagingIntegration:
    """Return the packager's integration as the written one changes it.

    Raises:
        SpecError: The written one adds a target, argument or keyword that the packager lacks.
    """
    own = integration_of(record)
    problems = [
        *_foreign_targets(own, written),
        *_foreign_arguments(own, written),
        *unusable_keywords(written),
    ]
    if problems:
        raise SpecError(describe(problems, written.origin, written.place()), code="invalid")
    overlays = {target.name: target for target in written.spec.schema_.targets}
    targets = tuple(
        _overlaid_target(target, overlays.get(target.name)) for target in own.spec.schema_.targets
    )
    required = {*own.spec.schema_.arguments.required, *written.spec.schema_.arguments.required}
    arguments = ArgumentsSchema(
        properties=_overlaid_properties(own, written), required=tuple(sorted(required))
    )
    schema = IntegrationSchema(targets=targets, arguments=arguments)
    spec = written.spec.model_copy(update={"packager": record.name, "schema_": schema})
    return written.model_copy(update={"spec": spec})


def _foreign_targets(own: PackagingIntegration, written: PackagingIntegration) -> Iterable[Problem]:
    known = {target.name: set(target.connection_types) for target in own.spec.schema_.targets}
    for index, target in enumerate(written.spec.schema_.targets):
        path = (*_TARGETS, index)
        if target.name not in known:
            yield Problem(
                (*path, "name"),
                f"the packager has no target {target.name!r}; {did_you_mean(target.name, known)}",
            )
        elif foreign := set(target.connection_types) - known[target.name]:
            yield Problem(
                (*path, "connectionTypes"), f"the packager does not take {', '.join(sorted(foreign))}"
            )


def _foreign_arguments(own: PackagingIntegration, written: PackagingIntegration) -> Iterable[Problem]:
    known = [argument.name for argument in own.spec.schema_.arguments.properties]
    for index, argument in enumerate(written.spec.schema_.arguments.properties):
        if argument.name not in known:
            message = f"the packager has no argument {argument.name!r}; {did_you_mean(argument.name, known)}"
            yield Problem((*_ARGUMENTS, "properties", index, "name"), message)
    for index, name in enumerate(written.spec.schema_.arguments.required):
        if name not in known:
            yield Problem((*_ARGUMENTS, "required", index), f"the packager has no argument {name!r}")


def _overlaid_target(target: TargetSchema, overlay: TargetSchema | None) -> TargetSchema:
    if overlay is None:
        return target
    return overlay.model_copy(update={"required": target.required or overlay.required})


def _overlaid_properties(
    own: PackagingIntegration, written: PackagingIntegration
) -> tuple[ArgumentProperty, ...]:
    overlays = {argument.name: argument.keywords() for argument in written.spec.schema_.arguments.properties}
    return tuple(
        _property(argument.name, {**argument.keywords(), **_said(overlays.get(argument.name, {}))})
        for argument in own.spec.schema_.arguments.properties
    )


def _said(keywords: dict[str, Any]) -> dict[str, Any]:
    """Leave out a null default: ODAHU writes it where there is none."""
    return {name: value for name, value in keywords.items() if name != "default" or value is not None}


def _telling(keywords: dict[str, Any]) -> dict[str, Any]:
    """Leave out what pydantic adds for its own sake: titles, and a default that means none."""
    absent = {"title", "default"} if keywords.get("default") is None else {"title"}
    return {name: value for name, value in keywords.items() if name not in absent}


def _property(name: str, keywords: dict[str, Any]) -> ArgumentProperty:
    return ArgumentProperty(
        name=name, parameters=tuple(Parameter(name=k, value=v) for k, v in keywords.items())
    )


def _target(rule: TargetRule) -> TargetSchema:
    return TargetSchema(name=rule.name, connection_types=rule.connection_types, required=rule.required)
