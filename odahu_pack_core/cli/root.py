"""The tree of commands, made anew for each run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .lazy import Deferred, LazyGroup
from .options import debug_option, loudness_options, version_option
from .placeholders import integration_commands, server_commands

NAMES: Final = ("odahuflowctl", "odahu-pack")
"""The names under which the command is installed."""

_CONTEXT: Final[dict[str, Any]] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_COMMANDS: Final = "odahu_pack_core.cli.commands"

_HELP: Final = """Package trained models as container images.

A model archive and a short YAML file in, an image in a registry out: a REST service, a batch job, or a
model that Triton serves.
"""

_EPILOG: Final = """\b
Start with a manifest, see what would be built, build it:
  odahuflowctl template generate --name docker-rest > pack.yaml
  odahuflowctl local pack plan -f pack.yaml
  odahuflowctl local pack run -f pack.yaml
"""


def _add_plugin_commands(root: LazyGroup) -> None:
    from .plugin_commands import add_plugin_commands  # noqa: PLC0415  # reading metadata is slow

    add_plugin_commands(root)


def command_tree(extend: Callable[[LazyGroup], None] | None = _add_plugin_commands) -> LazyGroup:
    """Return the root command.

    Args:
        extend: Adds commands of plugins, when a name is asked for that is not one of ours.
    """
    root = LazyGroup(
        name=NAMES[0],
        help=_HELP,
        epilog=_EPILOG,
        context_settings=_CONTEXT,
        deferred={
            "local": Deferred(f"{_COMMANDS}.local", "local", "Work on this machine, without a server."),
            "plugins": Deferred(
                f"{_COMMANDS}.plugins", "plugins", "Show what is installed, and what is broken."
            ),
            "template": Deferred(f"{_COMMANDS}.template", "template", "Print manifests to start from."),
            "completion": Deferred(f"{_COMMANDS}.completion", "completion", "Print a completion script."),
            "version": Deferred(f"{_COMMANDS}.version", "version", "Print the version."),
        },
        placeholders=server_commands(),
        extend=extend,
    )
    root.add_command(_integrations())
    return version_option(debug_option(loudness_options(root)))


def _integrations() -> LazyGroup:
    """Return ``pi``: ours shows the installed packagers, a server's plugin adds the rest to it."""
    return LazyGroup(
        name="pi",
        help="Packaging integrations: what each packager takes.",
        epilog="\b\nExample:\n  odahuflowctl pi get --id docker-rest -o 'jsonpath=[*].spec.schema'\n",
        deferred={
            "get": Deferred(f"{_COMMANDS}.integrations", "get", "Show the packagers that are installed.")
        },
        placeholders=integration_commands(),
    )
