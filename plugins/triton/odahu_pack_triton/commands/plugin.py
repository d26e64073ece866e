"""The commands that this distribution adds; each is imported when it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from odahu_pack_core import Deferred, LazyGroup, hookimpl

if TYPE_CHECKING:
    import click

_EPILOG: Final = """\b
Examples:
  odahuflowctl triton lint models/ --triton-base-image-tag 24.10-py3
  odahuflowctl triton config models/resnet
  odahuflowctl triton rule TR201
"""


@hookimpl
def odahu_pack_register_commands(cli: click.Group) -> None:
    """Add ``triton``."""
    room = __package__
    cli.add_command(
        LazyGroup(
            name="triton",
            help="Check models for Triton before they ship, without Triton and without a GPU.",
            short_help="Check models for Triton before they ship.",
            epilog=_EPILOG,
            deferred={
                "lint": Deferred(f"{room}.lint", "lint", "Tell what keeps models from being served."),
                "config": Deferred(f"{room}.config", "config", "Print a model's complete configuration."),
                "rule": Deferred(f"{room}.rule", "rule", "Explain a rule of the linter."),
            },
        )
    )
