"""``pi get``: what each packager takes, as PackagingIntegration entities."""

from __future__ import annotations

import click

from odahu_pack_core.cli.console import to_stdout
from odahu_pack_core.cli.entity_output import integration_columns, plain
from odahu_pack_core.cli.formats import OutputFormat, format_list
from odahu_pack_core.cli.options import debug_option, format_option
from odahu_pack_core.pipeline.integration import integration_of
from odahu_pack_core.plugins.catalog import PluginCatalog

_EPILOG = """\b
Examples:
  odahuflowctl pi get
  odahuflowctl pi get --id docker-rest -o json
  odahuflowctl pi get --id docker-rest -o 'jsonpath=[*].spec.schema.arguments'
"""


@click.command("get", epilog=_EPILOG, short_help="Show the packagers that are installed.")
@click.option("--id", "--pi-id", "packager", metavar="ID", help="Show only this one.")
@format_option("json", "yaml", "table", default="yaml")
@debug_option
def get(packager: str | None, output_format: OutputFormat) -> None:
    """Show the packagers that are installed, each with its targets and arguments."""
    catalog = PluginCatalog.load()
    names = [packager] if packager else sorted(catalog.packagers)
    integrations = [integration_of(catalog.packager(name)) for name in names]
    documents = [plain(integration) for integration in integrations]
    to_stdout(format_list(documents, output_format, integration_columns(integrations)))
