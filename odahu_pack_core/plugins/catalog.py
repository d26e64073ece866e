"""The catalog: every plugin that is installed, what it offers, and why some cannot be used.

A typed face over pluggy; nobody else touches a plugin manager.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import pluggy

from odahu_pack_core.errors import OdahuPackError, PluginError, did_you_mean
from odahu_pack_core.events import Event
from odahu_pack_core.names import PROJECT
from odahu_pack_core.plan.build_plan import BuildPlan
from odahu_pack_core.plan.job import PackagingJob

from . import hookspecs
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


@dataclass(frozen=True)
class BrokenPlugin:
    """A plugin that cannot be used; it stops nobody else.

    Args:
        name: The name of its entry point.
        distribution: Name and version of its distribution.
        reason: What went wrong.
    """

    name: str
    distribution: str
    reason: str


class PluginCatalog:
    """What is installed, as one snapshot; safe to share between threads.

    Args:
        manager: A plugin manager with every plugin registered as ``distribution``.
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

        Args:
            found: Entry points to load in place of the installed ones.

        Raises:
            PluginError: Two plugins offer one name, or a plugin implements a hook that does not exist.
        """
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(hookspecs)
        broken = []
        for entry_point in found if found is not None else entry_points(group=PROJECT):
            try:
                manager.register(entry_point.load(), name=_key(entry_point))
            except Exception as error:  # noqa: BLE001  # a plugin may fail in any way
                broken.append(BrokenPlugin(entry_point.name, _distribution(entry_point), _reason(error)))
        _refuse_unknown_hooks(manager)
        return cls(manager, broken)

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
        """Let every plugin change a plan, in the order they were installed.

        Raises:
            PluginError: A plugin failed, or returned something else than a plan.
        """
        for distribution, amend in self._implementations("odahu_pack_amend_plan"):
            try:
                amended = amend(plan=plan, job=job)
            except OdahuPackError:
                raise
            except Exception as error:
                raise PluginError(f"{distribution} failed to amend the plan: {_reason(error)}") from error
            if amended is not None and not isinstance(amended, BuildPlan):
                raise PluginError(
                    f"{distribution} amended the plan to {type(amended).__name__}, no BuildPlan"
                )
            plan = amended or plan
        return plan

    def observe(self, event: Event) -> None:
        """Show an event to every plugin; one that fails is logged and forgotten."""
        for distribution, observe in self._implementations("odahu_pack_observe"):
            try:
                observe(event=event)
            except Exception:  # noqa: BLE001  # an observer never fails a run
                _log.debug("%s failed to observe %s", distribution, event.type, exc_info=True)

    def register_commands(self, cli: click.Group) -> None:
        """Let every plugin add commands; one that fails becomes a broken plugin."""
        for distribution, register in self._implementations("odahu_pack_register_commands"):
            try:
                register(cli=cli)
            except Exception as error:  # noqa: BLE001  # a plugin may fail in any way
                self._broken.append(BrokenPlugin("commands", distribution, _reason(error)))

    def _implementations(self, hook: str) -> list[tuple[str, Callable[..., Any]]]:
        """Return each plugin's implementation of a hook with its distribution, first installed first."""
        caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
        calls = []
        for implementation in caller.get_hookimpls():
            call = _with_known_arguments(implementation.function, tuple(implementation.argnames))
            calls.append((implementation.plugin_name.partition(":")[0], call))
        return calls

    def _collect(self, hook: str, kind: type[RecordT]) -> Mapping[str, Provided[RecordT]]:
        """Ask every plugin for its records of one kind; two of one name are an error."""
        collected: dict[str, Provided[RecordT]] = {}
        for distribution, offer in self._implementations(hook):
            for record in self._records(distribution, offer, kind):
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

    def _records(
        self, distribution: str, offer: Callable[..., Iterable[object]], kind: type[RecordT]
    ) -> list[RecordT]:
        try:
            return [_checked(record, kind) for record in offer()]
        except Exception as error:  # noqa: BLE001  # a plugin may fail in any way
            self._broken.append(BrokenPlugin(kind.__name__, distribution, _reason(error)))
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


def _with_known_arguments(function: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Any]:
    """Call a hook with only those arguments that its implementation declares, as pluggy does."""

    def call(**arguments: object) -> object:
        return function(**{name: arguments[name] for name in names})

    return call


def _checked(record: object, kind: type[RecordT]) -> RecordT:
    if not isinstance(record, kind):
        raise TypeError(f"offers {type(record).__name__} where {kind.__name__} belongs")
    return record


def _refuse_unknown_hooks(manager: pluggy.PluginManager) -> None:
    known = {name for name in vars(hookspecs) if name.startswith(f"{PROJECT}_")}
    for name in vars(manager.hook):
        caller = getattr(manager.hook, name)
        if isinstance(caller, pluggy.HookCaller) and not caller.has_spec():
            owner = caller.get_hookimpls()[0].plugin_name.partition(":")[0]
            raise PluginError(
                f"{owner} implements the hook {name!r}, which does not exist; {did_you_mean(name, known)}",
                code="unknown-hook",
            )


def _distribution(entry_point: EntryPoint) -> str:
    distribution = entry_point.dist
    return f"{distribution.name} {distribution.version}" if distribution else entry_point.value


def _key(entry_point: EntryPoint) -> str:
    return f"{_distribution(entry_point)}:{entry_point.name}"


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
