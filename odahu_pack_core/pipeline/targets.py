"""Targets of a packaging bound to connections, and the ways into image registries that follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from odahu_pack_core.errors import PluginError, SpecError, did_you_mean
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.spec.integration import TargetSchema
from odahu_pack_core.spec.origin import FieldPath, Problem, describe
from odahu_pack_core.spec.packaging import ModelPackaging, Target

from .integration import Offer

_TARGETS: FieldPath = ("spec", "targets")


def bind_targets(
    packaging: ModelPackaging,
    offer: Offer,
    connections: Sequence[Connection],
    catalog: PluginCatalog,
    *,
    optional: frozenset[str] = frozenset(),
) -> Mapping[str, Connection]:
    """Return the connection of each target that is bound, by the packaging or by default.

    Args:
        packaging: The request.
        offer: The packager and its integration.
        connections: All connections that may be named.
        catalog: Knows connection types.
        optional: Required targets that may be left unbound this time.

    Raises:
        SpecError: Names each unknown, repeated, missing or wrongly typed target, and each faulty connection.
    """
    schema = {target.name: target for target in offer.targets}
    written = packaging.spec.targets
    problems = list(_misnamed(written, schema))
    defaults = [
        Target(name=target.name, connection_name=target.default)
        for target in schema.values()
        if target.default and target.name not in {w.name for w in written}
    ]
    bound: dict[str, Connection] = {}
    for index, target in enumerate((*written, *defaults)):
        if target.name in schema and target.name not in bound:
            found = _connection(target, schema[target.name], connections)
            if isinstance(found, Connection):
                bound[target.name] = found
            elif index < len(written):
                problems.append(Problem((*_TARGETS, index, "connectionName"), found))
            else:
                blame = f"(the default of integration {packaging.spec.integration_name!r})"
                problems.append(Problem(_TARGETS, f"{found} {blame}"))
    named = {target.name for target in written}
    problems += _unbound(schema.values(), {*bound, *named, *optional})
    if problems:
        raise SpecError(describe(problems, packaging.origin, packaging.place()), code="invalid-targets")
    _check_connections(bound.values(), catalog)
    return bound


def _misnamed(written: Sequence[Target], schema: Mapping[str, TargetSchema]) -> Iterator[Problem]:
    for index, target in enumerate(written):
        path = (*_TARGETS, index, "name")
        if target.name not in schema:
            yield Problem(path, f"unknown target {target.name!r}; {did_you_mean(target.name, schema)}")
        elif target.name in [earlier.name for earlier in written[:index]]:
            yield Problem(path, f"target {target.name!r} is bound twice")


def _connection(target: Target, schema: TargetSchema, connections: Sequence[Connection]) -> Connection | str:
    """Return the connection that a target names, or what is wrong with it."""
    name = target.connection_name
    found = next((connection for connection in connections if connection.id == name), None)
    if found is None:
        near = did_you_mean(name, [connection.id for connection in connections])
        return f"there is no connection {name!r} for target {target.name}; {near}".rstrip("; ")
    if found.spec.type not in schema.connection_types:
        wanted = " or ".join(schema.connection_types)
        return f"connection {name!r} is of type {found.spec.type!r}, but target {target.name} takes {wanted}"
    return found


def _unbound(schema: Iterable[TargetSchema], bound: set[str]) -> Iterator[Problem]:
    for target in schema:
        if target.required and target.name not in bound:
            types = " or ".join(target.connection_types)
            yield Problem(_TARGETS, f"target {target.name!r} is required, with a connection of type {types}")


def _check_connections(connections: Iterable[Connection], catalog: PluginCatalog) -> None:
    faults = []
    for connection in {connection.id: connection for connection in connections}.values():
        try:
            problems = catalog.connection_type(connection.spec.type).problems(connection)
        except PluginError as error:
            problems = [Problem(("spec", "type"), error.message)]
        if problems:
            faults.append(describe(problems, connection.origin, connection.place()))
    if faults:
        raise SpecError("\n".join(faults), code="invalid-connection")
