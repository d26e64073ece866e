"""``template``: manifests to start from."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

import click

from odahu_pack_core.cli.console import to_stdout
from odahu_pack_core.cli.formats import format_table
from odahu_pack_core.cli.options import debug_option

TEMPLATES: Final = {
    "docker-rest": "A packaging: the model as a REST service.",
    "docker-cli": "A packaging: the model as a batch job on files.",
    "docker-triton": "A packaging: the model in Triton Inference Server.",
    "docker-connection": "A connection to a Docker registry.",
    "ecr-connection": "A connection to Amazon ECR.",
}
"""Each template and what it gives."""

_EPILOG: Final = """\b
Example:
  odahuflowctl template generate --name docker-rest > pack.yaml
  odahuflowctl template generate --name docker-connection > connection.yaml
  odahuflowctl local pack run -f pack.yaml -f connection.yaml
"""


@click.group(epilog=_EPILOG, short_help="Print manifests to start from.")
def template() -> None:
    """Print manifests to start from."""


@template.command("all")
@debug_option
def list_all() -> None:
    """Show the names of all templates."""
    to_stdout(format_table({"name": list(TEMPLATES), "description": list(TEMPLATES.values())}))


@template.command()
@click.option("--name", required=True, type=click.Choice(list(TEMPLATES)), help="The template.")
@debug_option
def generate(name: str) -> None:
    """Print one manifest."""
    to_stdout(manifest(name).rstrip("\n"))


def manifest(name: str) -> str:
    """Return the text of a template."""
    return files("odahu_pack_core.cli").joinpath("manifests", f"{name}.yaml").read_text(encoding="utf-8")
