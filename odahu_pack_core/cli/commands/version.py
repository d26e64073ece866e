"""``version``: which odahu-pack this is."""

from __future__ import annotations

from importlib.metadata import version as version_of

import click

from odahu_pack_core.cli.console import to_stdout
from odahu_pack_core.cli.options import debug_option

_DISTRIBUTION = "odahu-pack-core"


@click.command()
@debug_option
def version() -> None:
    """Print the version."""
    print_version()


def print_version() -> None:
    """Print the version of the core."""
    to_stdout(f"{_DISTRIBUTION} {version_of(_DISTRIBUTION)}")
