"""Plugins found among the installed distributions and registered: each in full, or not at all.

The only module that touches pluggy's manager, together with the catalog.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import pluggy

from odahu_pack_core.errors import PluginError, did_you_mean
from odahu_pack_core.names import PROJECT
from odahu_pack_core.values import dataclass

if TYPE_CHECKING:
    import click

ANY_FAILURE: Final = (Exception, SystemExit)
"""A plugin may fail in any way, and must not end the program."""


COMMANDS_HOOK: Final = f"{PROJECT}_register_commands"


@dataclass(frozen=True)
class BrokenPlugin:
    """A plugin that cannot be used, or not in full; it stops nobody else.

    Args:
        name: The name of its entry point.
        distribution: Name and version of its distribution.
        reason: What went wrong.
    """

    name: str
    distribution: str
    reason: str


@dataclass(frozen=True)
class Implementation:
    """One plugin's implementation of a hook.

    Args:
        entry_point: The name of the plugin's entry point.
        distribution: Name and version of its distribution.
        call: Takes every argument of the hook by name.
    """

    entry_point: str
    distribution: str
    call: Callable[..., Any]

    def broken(self, error: BaseException) -> BrokenPlugin:
        """Return the plugin as a broken one."""
        return BrokenPlugin(self.entry_point, self.distribution, reason_of(error))


def find_plugins(
    found: Iterable[EntryPoint] | None, hooks: ModuleType | None = None
) -> tuple[pluggy.PluginManager, list[BrokenPlugin]]:
    """Load plugins, sorted by the names of their distributions.

    Args:
        found: Their entry points; None for those that are installed.
        hooks: The specifications of all hooks; None to believe what plugins implement.

    Returns:
        A manager with every plugin that could be loaded, and those that could not.

    Raises:
        PluginError: A plugin implements a hook that does not exist.
    """
    manager = pluggy.PluginManager(PROJECT)
    if hooks is not None:
        manager.add_hookspecs(hooks)
    broken = []
    named = [(_distribution(one), one) for one in (entry_points(group=PROJECT) if found is None else found)]
    for distribution, entry_point in sorted(named, key=lambda pair: (pair[0], pair[1].name)):
        try:
            _register(manager, entry_point, f"{distribution}:{entry_point.name}")
        except ANY_FAILURE as error:
            broken.append(BrokenPlugin(entry_point.name, distribution, reason_of(error)))
    if hooks is not None:
        _refuse_unknown_hooks(manager, hooks)
    return manager, broken


def implementations(manager: pluggy.PluginManager, hook: str) -> list[Implementation]:
    """Return each plugin's implementation of a hook: ``tryfirst`` ones first, ``trylast`` ones last."""
    caller: pluggy.HookCaller | None = getattr(manager.hook, hook, None)
    if caller is None:
        return []
    found = sorted(caller.get_hookimpls(), key=lambda one: one.trylast - one.tryfirst)
    return [_implementation(one) for one in found]


def register_commands(manager: pluggy.PluginManager, cli: click.Group) -> list[BrokenPlugin]:
    """Let every plugin add commands, and return those that fail.

    Args:
        manager: A manager with the plugins.
        cli: The root command.
    """
    broken = []
    for plugin in implementations(manager, COMMANDS_HOOK):
        try:
            plugin.call(cli=cli)
        except ANY_FAILURE as error:
            broken.append(plugin.broken(error))
    return broken


def reason_of(error: BaseException) -> str:
    """Return a failure in one line."""
    return f"{type(error).__name__}: {error}"


def _register(manager: pluggy.PluginManager, entry_point: EntryPoint, key: str) -> None:
    plugin = entry_point.load()
    try:
        manager.register(plugin, name=key)
        callers = manager.get_hookcallers(plugin) or ()
        _check_hooks([one for caller in callers for one in caller.get_hookimpls() if one.plugin is plugin])
    except Exception:
        if manager.has_plugin(key):
            manager.unregister(name=key)
        raise


def _check_hooks(hooks: list[pluggy.HookImpl]) -> None:
    if not hooks:
        raise TypeError("implements no hook; is each of its hooks marked with @hookimpl?")
    if any(one.hookwrapper or one.wrapper for one in hooks):
        raise TypeError("wraps a hook; odahu-pack calls each implementation by itself")


def _implementation(one: pluggy.HookImpl) -> Implementation:
    """Return an implementation that passes on those arguments which it declares, as pluggy does."""

    def call(**arguments: object) -> object:
        return one.function(**{name: arguments[name] for name in one.argnames})

    distribution, _, entry_point = one.plugin_name.partition(":")
    return Implementation(entry_point, distribution, call)


def _refuse_unknown_hooks(manager: pluggy.PluginManager, hooks: ModuleType) -> None:
    known = {name for name in vars(hooks) if name.startswith(f"{PROJECT}_")}
    for name, caller in vars(manager.hook).items():
        if isinstance(caller, pluggy.HookCaller) and not caller.has_spec() and caller.get_hookimpls():
            owner = caller.get_hookimpls()[0].plugin_name.partition(":")[0]
            raise PluginError(
                f"{owner} implements the hook {name!r}, which does not exist; {did_you_mean(name, known)}",
                code="unknown-hook",
            )


def _distribution(entry_point: EntryPoint) -> str:
    if entry_point.dist is None:
        return entry_point.module
    metadata = entry_point.dist.metadata  # read from the disk each time
    return f"{metadata['Name']} {metadata['Version']}"
