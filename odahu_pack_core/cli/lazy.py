"""Command groups whose commands are imported when they are called, so that help costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import click

from odahu_pack_core.errors import PluginError, did_you_mean
from odahu_pack_core.values import dataclass


@dataclass(frozen=True)
class Deferred:
    """A command that is imported when it is needed.

    Args:
        module: The module that holds it.
        name: Its name in that module.
        summary: Its line in the group's help.
    """

    module: str
    name: str
    summary: str

    def load(self) -> click.Command:
        """Import the command."""
        command: click.Command = getattr(import_module(self.module), self.name)
        return command


class LazyGroup(click.Group):
    """A group of deferred commands, which others may extend but not change.

    Args:
        deferred: The group's own commands.
        placeholders: Commands that stand in for those of a plugin until one adds its own.
        extend: Called once before names are looked up that the group itself does not know.
    """

    def __init__(
        self,
        *,
        deferred: Mapping[str, Deferred],
        placeholders: Mapping[str, click.Command] | None = None,
        extend: Callable[[LazyGroup], None] | None = None,
        **attributes: Any,  # noqa: ANN401  # click's own
    ) -> None:
        super().__init__(**attributes)
        self.deferred = dict(deferred)
        self.placeholders = dict(placeholders or {})
        self._extend = extend

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command that a plugin brings.

        Raises:
            PluginError: The name is taken.
        """
        wanted = name or cmd.name or ""
        if wanted in self.deferred or wanted in self.commands:
            raise PluginError(f"there is already a command {wanted!r}", code="duplicate-plugin")
        super().add_command(cmd, wanted)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Return a command, imported now if need be."""
        if cmd_name in self.deferred:
            return self.deferred[cmd_name].load()
        self._extend_once()
        return self.commands.get(cmd_name) or self.placeholders.get(cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the names of all commands: ours, those of plugins, then what stands in for plugins."""
        self._extend_once()
        absent = [name for name in self.placeholders if name not in self.commands]
        return [*self.deferred, *self.commands, *absent]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with, and suggest a near one when there is none."""
        name = args[0]
        if not name.startswith("-") and not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            ctx.fail(f"there is no command {name!r}; {did_you_mean(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their summaries; those not installed have a heading of their own."""
        names = self.list_commands(ctx)
        absent = [name for name in names if self._is_absent(name)]
        present = [name for name in names if name not in absent]
        for heading, section in (("Commands", present), ("Commands of plugins not installed", absent)):
            if section:
                with formatter.section(heading):
                    formatter.write_dl([(name, self.summary(name)) for name in section])

    def summary(self, name: str) -> str:
        """Return a command's line in the group's help, without importing what is deferred."""
        if name in self.deferred:
            return self.deferred[name].summary
        command = self.commands.get(name) or self.placeholders[name]
        return command.get_short_help_str(limit=100)

    def _is_absent(self, name: str) -> bool:
        return name in self.placeholders and name not in self.commands

    def _extend_once(self) -> None:
        extend, self._extend = self._extend, None
        if extend:
            extend(self)
