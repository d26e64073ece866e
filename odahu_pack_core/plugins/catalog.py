"""The catalog: every plugin that is installed, what it offers, and why some cannot be used.

A typed face over pluggy: nobody else calls a hook.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import pluggy

from odahu_pack_core.errors import OdahuPackError, PluginError, did_you_mean
from odahu_pack_core.events import Event
from odahu_pack_core.plan.build_plan import BuildPlan
from odahu_pack_core.plan.job import PackagingJob
from odahu_pack_core.values import dataclass

from . import hookspecs
from .discovery import (
    ANY_FAILURE,
    BrokenPlugin,
    Implementation,
    find_plugins,
    implementations,
    reason_of,
    register_commands,
)
from .records import ArtifactReaderRecord, ConnectionTypeRecord, EngineRecord, PackagerRecord

if TYPE_CHECKING:
    import click

_log = logging.getLogger(__name__)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


RecordT = TypeVar("RecordT", bound=_Named)


@dataclass(frozen=True)
class Provided(Generic[RecordT]):
    """A record and the distribution that provides it.

    Args:
        record: What is provided.
        distribution: Name and version of who provides it.
    """

    record: RecordT
    distribution: str


class PluginCatalog:
    """What is installed, as one snapshot; safe to share between threads.

    Args:
        manager: A plugin manager with every plugin registered as ``distribution:entry point``.
        broken: Plugins that could not be loaded.
    """

    def __init__(self, manager: pluggy.PluginManager, broken: Iterable[BrokenPlugin] = ()) -> None:
        self._manager = manager
        self._broken = list(broken)
        self.packagers = self._collect("odahu_pack_packagers", PackagerRecord)
        self.engines = self._collect("odahu_pack_engines", EngineRecord)
        self.artifact_readers = self._collect("odahu_pack_artifact_readers", ArtifactReaderRecord)
        self.connection_types = self._collect("odahu_pack_connection_types", ConnectionTypeRecord)

    @classmethod
    def load(cls, found: Iterable[EntryPoint] | None = None) -> PluginCatalog:
        """Load every plugin that a distribution announces in the entry-point group ``odahu_pack``.

        Plugins are sorted by the names of their distributions, so that one set of them always acts alike.

        Args:
            found: Entry points to load in place of the installed ones.

        Raises:
            PluginError: Two plugins offer one name, or a plugin implements a hook that does not exist.
        """
        return cls(*find_plugins(found, hookspecs))

    @property
    def broken(self) -> tuple[BrokenPlugin, ...]:
        """Plugins that cannot be used, with their reasons."""
        return tuple(self._broken)

    def packager(self, name: str) -> PackagerRecord:
        """Return a packager by name.

        Raises:
            PluginError: There is none; a broken plugin of that name is quoted.
        """
        return self._named("packager", self.packagers, name)

    def engine(self, name: str) -> EngineRecord:
        """Return an engine by name.

        Raises:
            PluginError: There is none; a broken plugin of that name is quoted.
        """
        return self._named("engine", self.engines, name)

    def connection_type(self, name: str) -> ConnectionTypeRecord:
        """Return a connection type by name.

        Raises:
            PluginError: There is none; a broken plugin of that name is quoted.
        """
        return self._named("connection type", self.connection_types, name)

    def amend(self, plan: BuildPlan, job: PackagingJob) -> BuildPlan:
        """Let every plugin change a plan, one after the other in the order of their distributions' names.

        Raises:
            PluginError: A plugin failed, or returned something else than a plan.
            OdahuPackError: What a plugin raised of the error tree, such as PlanError for a policy.
        """
        for plugin in implementations(self._manager, "odahu_pack_amend_plan"):
            try:
                amended = plugin.call(plan=plan, job=job)
            except OdahuPackError:
                raise
            except Exception as error:
                reason = f"failed to amend the plan: {reason_of(error)}"
                raise PluginError(f"{plugin.distribution} {reason}", code="plugin-failed") from error
            if not isinstance(amended, BuildPlan | None):
                reason = f"amended the plan to {type(amended).__name__}, no BuildPlan"
                raise PluginError(f"{plugin.distribution} {reason}", code="plugin-failed")
            plan = plan if amended is None else amended
        return plan

    def observe(self, event: Event) -> None:
        """Show an event to every plugin; one that fails is logged and forgotten."""
        for plugin in implementations(self._manager, "odahu_pack_observe"):
            try:
                plugin.call(event=event)
            except ANY_FAILURE:
                _log.debug("%s failed to observe %s", plugin.distribution, event.type, exc_info=True)

    def register_commands(self, cli: click.Group) -> None:
        """Let every plugin add commands; one that fails becomes a broken plugin."""
        self._broken += register_commands(self._manager, cli)

    def _collect(self, hook: str, kind: type[RecordT]) -> Mapping[str, Provided[RecordT]]:
        """Ask every plugin for its records of one kind; two of one name are an error."""
        collected: dict[str, Provided[RecordT]] = {}
        for plugin in implementations(self._manager, hook):
            distribution = plugin.distribution
            for record in self._records(plugin, kind):
                provided = Provided(record, distribution)
                other = collected.setdefault(record.name, provided)
                if other is not provided:
                    raise PluginError(
                        f"{other.distribution} and {distribution} both offer "
                        f"{hook.removeprefix('odahu_pack_')} named {record.name!r}",
                        code="duplicate-plugin",
                        hint="uninstall one of the two",
                    )
        return collected

    def _records(self, plugin: Implementation, kind: type[RecordT]) -> list[RecordT]:
        try:
            return [_checked(record, kind) for record in plugin.call()]
        except ANY_FAILURE as error:
            self._broken.append(plugin.broken(error))
            return []

    def _named(self, what: str, among: Mapping[str, Provided[RecordT]], name: str) -> RecordT:
        if name in among:
            return among[name].record
        hints = [f"{plugin.distribution} is broken: {plugin.reason}" for plugin in self._broken]
        raise PluginError(
            f"unknown {what} {name!r}; {did_you_mean(name, among)}".removesuffix("; "),
            code="unknown-plugin",
            hint="\n".join(hints),
        )


def _checked(record: object, kind: type[RecordT]) -> RecordT:
    if not isinstance(record, kind):
        raise TypeError(f"offers {type(record).__name__} where {kind.__name__} belongs")
    return record
