"""``plugins``: what is installed, who brings it, and what is broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from odahu_pack_core.cli.console import to_stderr, to_stdout
from odahu_pack_core.cli.formats import OutputFormat, format_list
from odahu_pack_core.cli.options import debug_option, format_option
from odahu_pack_core.plugins.catalog import PluginCatalog, Provided

_EPILOG = """\b
Examples:
  odahuflowctl plugins
  odahuflowctl plugins -o 'jsonpath=[*].name'
"""


@click.command(epilog=_EPILOG, short_help="Show what is installed, and what is broken.")
@format_option("json", "yaml", "table", default="table")
@debug_option
def plugins(output_format: OutputFormat) -> None:
    """Show packagers, engines, artifact readers and connection types with the distribution of each.

    A plugin that cannot be used is shown with the reason; it stops nobody else.
    """
    catalog = PluginCatalog.load()
    rows = [*_offered(catalog), *_broken(catalog)]
    columns = {name: [row[name] for row in rows] for name in ("kind", "name", "distribution", "summary")}
    to_stdout(format_list(rows, output_format, columns))
    for plugin in catalog.broken:
        to_stderr(f"warning: {plugin.distribution} is broken: {plugin.reason}")


def _offered(catalog: PluginCatalog) -> Iterator[dict[str, Any]]:
    kinds: dict[str, Mapping[str, Provided[Any]]] = {
        "packager": catalog.packagers,
        "engine": catalog.engines,
        "artifact reader": catalog.artifact_readers,
        "connection type": catalog.connection_types,
    }
    for kind, offers in kinds.items():
        for name, provided in offers.items():
            yield {
                "kind": kind,
                "name": name,
                "distribution": provided.distribution,
                "summary": provided.record.summary,
            }


def _broken(catalog: PluginCatalog) -> Iterator[dict[str, Any]]:
    for plugin in catalog.broken:
        yield {
            "kind": "broken",
            "name": plugin.name,
            "distribution": plugin.distribution,
            "summary": plugin.reason,
        }
