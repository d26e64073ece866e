"""Manifests checked without stopping at the first fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from odahu_pack_core.errors import ArtifactError, OdahuPackError, SpecError
from odahu_pack_core.pipeline.arguments import bind_arguments
from odahu_pack_core.pipeline.integration import find_offer
from odahu_pack_core.pipeline.jobs import Request
from odahu_pack_core.pipeline.planning import plan_request
from odahu_pack_core.pipeline.surroundings import Surroundings
from odahu_pack_core.pipeline.targets import bind_targets
from odahu_pack_core.plan.job import PUSH_TARGET
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.spec.entity import Entity
from odahu_pack_core.spec.integration import PackagingIntegration
from odahu_pack_core.spec.loading import Entities
from odahu_pack_core.spec.origin import describe
from odahu_pack_core.spec.packaging import ModelPackaging, PackagingSpec
from odahu_pack_core.values import dataclass

from .inputs import Inputs

_Check = Callable[[], object]


@dataclass(frozen=True)
class Verdict:
    """An entity without fault.

    Args:
        subject: The entity.
        remark: What else is known, such as the image that would be built.
    """

    subject: str
    remark: str = ""


class _Faults:
    """Collects errors instead of stopping at the first."""

    def __init__(self) -> None:
        self._errors: list[OdahuPackError] = []

    def pass_all(self, *checks: _Check) -> bool:
        """Make every check and tell whether none found a fault."""
        return all([self._passes(check) for check in checks])  # noqa: C419  # every check is made, not only the first

    def _passes(self, check: _Check) -> bool:
        try:
            check()
        except OdahuPackError as error:
            if error.message not in [known.message for known in self._errors]:
                self._errors.append(error)
            return False
        return True

    def raise_all(self) -> None:
        """Raise all faults as one error of the first one's family."""
        if not self._errors:
            return
        first = self._errors[0]
        message = "\n".join(error.message for error in self._errors)
        hint = "\n".join(dict.fromkeys(error.hint for error in self._errors if error.hint))
        raise type(first)(message, code=first.code, hint=hint)


def check_all(
    inputs: Inputs,
    entities: Entities,
    packagings: Sequence[ModelPackaging],
    surroundings: Surroundings,
    current: Path,
) -> list[Verdict]:
    """Check connections, integrations and packagings, and plan those whose artifact is at hand.

    Args:
        inputs: What the options say.
        entities: All entities that were loaded.
        packagings: The packagings to check.
        surroundings: Plugins and environment variables.
        current: The current folder, where artifacts are looked for.

    Raises:
        OdahuPackError: Tells every fault; its family is that of the first.
    """
    catalog, faults = surroundings.catalog, _Faults()
    verdicts = []
    for entity in entities.found:
        if check := _check_of(entity, catalog):
            verdicts += [Verdict(_subject(entity))] if faults.pass_all(check) else []
    for packaging in packagings:
        request = inputs.request(inputs.named(packaging), entities, current)
        if faults.pass_all(*_bindings(request, catalog)):
            verdicts += _planned(request, inputs, surroundings, current, faults)
    faults.raise_all()
    return verdicts


def _check_of(entity: Entity, catalog: PluginCatalog) -> _Check | None:
    if isinstance(entity, Connection):
        return partial(_check_connection, entity, catalog)
    if isinstance(entity, PackagingIntegration):
        return partial(_check_integration, entity, catalog)
    return None


def _check_connection(connection: Connection, catalog: PluginCatalog) -> None:
    problems = catalog.connection_type(connection.spec.type).problems(connection)
    if problems:
        message = describe(problems, connection.origin, connection.place())
        raise SpecError(message, code="invalid-connection")


def _check_integration(integration: PackagingIntegration, catalog: PluginCatalog) -> None:
    """Check a written integration as a packaging that names it would."""
    spec = PackagingSpec(integration_name=integration.id)
    find_offer(ModelPackaging(id=integration.id, spec=spec), [integration], catalog)


def _bindings(request: Request, catalog: PluginCatalog) -> Iterator[_Check]:
    """Yield the checks of a packaging that need no artifact."""
    packaging = request.packaging
    try:
        offer = find_offer(packaging, request.integrations, catalog)
    except OdahuPackError:
        yield partial(find_offer, packaging, request.integrations, catalog)
        return
    elsewhere = request.output is not None and request.output.type != "registry"
    optional = frozenset({PUSH_TARGET}) if elsewhere else frozenset[str]()
    yield partial(bind_arguments, packaging, offer)
    yield partial(bind_targets, packaging, offer, request.connections, catalog, optional=optional)


def _planned(
    request: Request, inputs: Inputs, surroundings: Surroundings, current: Path, faults: _Faults
) -> list[Verdict]:
    """Plan a packaging whose artifact is at hand; without one there is nothing to find fault with."""
    packaging = request.packaging
    try:
        artifact = inputs.find_artifact(packaging, surroundings.environ, current)
    except ArtifactError as error:
        return [
            Verdict(_subject(packaging), f"not planned, as {error.message.partition(chr(10))[0].rstrip(':')}")
        ]
    plans = []
    if not faults.pass_all(
        lambda: plans.append(plan_request(replace(request, artifact=artifact), surroundings))
    ):
        return []
    return [Verdict(_subject(packaging), f"would build {plan.image}") for plan in plans]


def _subject(entity: Entity) -> str:
    return f"{type(entity).__name__} {entity.id}"
