"""Commands of plugins, found without importing plugins that bring none."""

from __future__ import annotations

from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from odahu_pack_core.names import PROJECT

from .console import to_stderr
from .lazy import LazyGroup

_HOOK = f"{PROJECT}_register_commands"
_EVERYTHING = b"import *"


def add_plugin_commands(root: LazyGroup) -> None:
    """Let every plugin that has commands add them; one that fails is told on stderr and stops nobody.

    Args:
        root: The root command.
    """
    announced = [entry_point for entry_point in entry_points(group=PROJECT) if _may_register(entry_point)]
    if not announced:
        return
    from odahu_pack_core.plugins import discovery  # noqa: PLC0415  # most plugins have no commands

    # The catalog would ask these modules for packagers, too, and import all that those stand on.
    manager, broken = discovery.find_plugins(announced)
    for plugin in (*broken, *discovery.register_commands(manager, root)):
        to_stderr(f"warning: {plugin.distribution} is broken: {plugin.reason}")


def _may_register(entry_point: EntryPoint) -> bool:
    """Tell whether a plugin's module speaks of the hook; one that does not cannot implement it."""
    spec = _spec_of(entry_point.module)
    if spec is None:
        return False  # cannot be imported; whoever needs the plugin is told
    if not spec.origin or not spec.origin.endswith(".py"):
        return True
    source = Path(spec.origin).read_bytes()
    return bool(entry_point.attr) or _HOOK.encode() in source or _EVERYTHING in source


def _spec_of(module: str) -> ModuleSpec | None:
    """Find a module without importing it or its parents."""
    parts = module.split(".")
    spec = _top_spec(parts[0])
    for depth in range(2, len(parts) + 1):
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(".".join(parts[:depth]), spec.submodule_search_locations)
    return spec


def _top_spec(package: str) -> ModuleSpec | None:
    try:
        return find_spec(package)
    except ValueError:  # a module without a specification, made in Python
        return None
