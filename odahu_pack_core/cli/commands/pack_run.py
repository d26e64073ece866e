"""``local pack run``: from a manifest and a model to an image in a registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from odahu_pack_core.cli.console import to_stdout
from odahu_pack_core.cli.display import shown
from odahu_pack_core.cli.entity_output import packaging_columns, plain
from odahu_pack_core.cli.formats import OutputFormat, format_list
from odahu_pack_core.cli.inputs import Inputs
from odahu_pack_core.cli.options import (
    debug_option,
    engine_options,
    events_option,
    format_option,
    loudness_options,
    packaging_options,
)
from odahu_pack_core.cli.results import print_results
from odahu_pack_core.cli.session import Session
from odahu_pack_core.errors import UsageError
from odahu_pack_core.pipeline.run import package_request
from odahu_pack_core.pipeline.surroundings import Surroundings

_EPILOG = """\b
Prints 'image: NAME' and 'digest: sha256:…'; with -o the packaging and its status.results.

\b
Examples:
  odahuflowctl local pack run --id docker-rest-packager-example -d manifests/
  odahuflowctl local pack run -f pack.yaml --artifact wine-model-123456789.zip --output type=docker
  odahuflowctl local pack run -f pack.yaml --platform linux/amd64,linux/arm64
  odahuflowctl local pack run -f pack.yaml --mirror docker.io=registry.example/hub
  odahuflowctl local pack run -f pack.yaml --output type=oci,dest=image.tar
  odahuflowctl local pack run -f pack.yaml --output type=context,dest=image/
  odahuflowctl local pack run -f pack.yaml -o 'jsonpath=$[0].status.results[0].value'
"""


@click.command(epilog=_EPILOG, short_help="Build the image and bring it where it belongs.")
@packaging_options
@engine_options
@format_option("json", "yaml", "table")
@events_option
@loudness_options
@debug_option
@click.pass_obj
def run(
    session: Session,
    /,
    output_format: OutputFormat | None,
    engine: str,
    *,
    refresh: bool,
    **chosen: Any,  # noqa: ANN401  # the fields of Inputs
) -> None:
    """Package a model: plan the image, resolve its dependencies, build it, and push it.

    The image goes to the connection of the target docker-push, or where --output says.
    """
    if session.machine_events and output_format:
        raise UsageError("--events json and -o both want stdout; choose one", code="usage")
    inputs = Inputs(**chosen)
    with shown(session) as emit:
        entities = inputs.entities(emit)
        packaging = inputs.packaging(entities)
        artifact = inputs.find_artifact(packaging, session.environ, Path.cwd())
        surroundings = Surroundings(environ=session.environ, engine=engine, on_event=emit, refresh=refresh)
        result = package_request(inputs.request(packaging, entities, artifact), surroundings)
    if output_format:
        done = packaging.model_copy(update={"status": result.status()})
        to_stdout(format_list([plain(done)], output_format, packaging_columns([done])))
    elif not session.machine_events:
        print_results(result)
