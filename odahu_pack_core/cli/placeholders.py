"""Commands that need a server: they exist, teach, and say what to install until its plugin is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import click

from odahu_pack_core.errors import PluginError

from .lazy import LazyGroup

DISTRIBUTION: Final = "odahu-pack-server"

_ANYTHING: Final = {
    "ignore_unknown_options": True,
    "allow_extra_args": True,
    "allow_interspersed_args": False,
}
_PACK: Final = {
    "get": "Show packagings of the server.",
    "create": "Have the server package a model.",
    "edit": "Change a packaging of the server and run it again.",
    "delete": "Delete a packaging of the server.",
    "logs": "Show the log of a packaging.",
}
_ENTITY: Final = {
    "create": "Add one to the server.",
    "edit": "Change one of the server.",
    "delete": "Delete one of the server.",
}
_BULK: Final = {
    "apply": "Create or change all entities of a file on the server.",
    "delete": "Delete all entities of a file from the server.",
}
_CONFIG: Final = {
    "get": "Show one setting.",
    "set": "Change one setting.",
    "all": "Show all settings.",
    "path": "Show where the settings are kept.",
}


def server_commands() -> dict[str, click.Command]:
    """Return what stands in for the commands of the server's plugin."""
    connections = {"get": "Show connections of the server.", **_ENTITY}
    return {
        "pack": _group("pack", "Manage packagings on a server.", _PACK),
        "conn": _group("conn", "Manage connections on a server.", connections),
        "bulk": _group("bulk", "Manage many entities on a server at once.", _BULK),
        "config": _group("config", "Manage settings of the connection to a server.", _CONFIG),
        "login": _command("login", "login", "Log in to a server."),
        "logout": _command("logout", "logout", "Log out of a server."),
    }


def integration_commands() -> dict[str, click.Command]:
    """Return what stands in for the commands that change integrations on a server."""
    return {name: _command("pi", name, summary) for name, summary in _ENTITY.items()}


def _group(name: str, summary: str, commands: Mapping[str, str]) -> click.Group:
    members = {member: _command(name, member, text) for member, text in commands.items()}
    return LazyGroup(
        name=name, deferred={}, placeholders=members, help=f"{summary}\n\n{_note()}", short_help=summary
    )


def _command(group: str, name: str, summary: str) -> click.Command:
    called = name if group == name else f"{group} {name}"

    def refuse() -> None:
        raise PluginError(
            f"'{called}' needs {DISTRIBUTION}, which is not installed",
            code="not-installed",
            hint=f"install it with: pip install {DISTRIBUTION}",
        )

    return click.Command(
        name,
        callback=refuse,
        help=f"{summary}\n\n{_note()}",
        short_help=summary,
        context_settings=_ANYTHING,
    )


def _note() -> str:
    return f"Belongs to {DISTRIBUTION}, which is not installed."
