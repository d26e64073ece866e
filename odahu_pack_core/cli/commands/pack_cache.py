"""``local pack cache``: a base image that already holds the dependencies of models."""

from __future__ import annotations

from pathlib import Path

import click

from odahu_pack_core.cli.console import to_stderr
from odahu_pack_core.cli.display import shown
from odahu_pack_core.cli.inputs import load_files
from odahu_pack_core.cli.options import (
    debug_option,
    engine_options,
    events_option,
    loudness_options,
    manifest_options,
    output_option,
    source_option,
)
from odahu_pack_core.cli.results import print_results
from odahu_pack_core.cli.session import Loudness, Session
from odahu_pack_core.errors import SpecError, did_you_mean
from odahu_pack_core.events import EventSink
from odahu_pack_core.pipeline.cache_image import cache_image
from odahu_pack_core.pipeline.surroundings import Surroundings
from odahu_pack_core.plugins.protocols import ImageOutput
from odahu_pack_core.spec.connection import Connection

_EPILOG = """\b
A packaging uses the image as its base; where a model asks for another version, the model wins:
  spec:
    arguments:
      dockerfileBaseImage: packaging-model-cache:1.0.0

\b
Examples:
  odahuflowctl local pack cache --conda conda.yaml --image packaging-model-cache:1.0.0 \\
      -f connections.yaml --push test-docker-registry
  odahuflowctl local pack cache --conda conda.yaml --image packaging-model-cache:1.0.0 --output type=docker
"""


@click.command(epilog=_EPILOG, short_help="Build a base image with dependencies in it.")
@click.option(
    "--conda",
    "conda_file",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The conda.yaml whose dependencies the image holds.",
)
@click.option("--image", required=True, metavar="NAME", help="What the image is called.")
@click.option(
    "--base", metavar="IMAGE", help="What it is built on; left out, the Python of conda.yaml decides."
)
@manifest_options
@click.option("--push", metavar="ID", help="The connection to the registry that receives the image.")
@click.option("--pull", metavar="ID", help="The connection to the registry of the base image.")
@output_option
@source_option
@engine_options
@events_option
@loudness_options
@debug_option
@click.pass_obj
def cache(
    session: Session,
    /,
    *,
    conda_file: Path,
    image: str,
    base: str | None,
    manifests: tuple[Path, ...],
    files: tuple[Path, ...],
    push: str | None,
    pull: str | None,
    output: ImageOutput | None,
    engine: str,
    build_from_source: bool,
    refresh: bool,
) -> None:
    """Build a base image that already holds the dependencies of a conda.yaml.

    Packaging a model on it installs only what differs.
    """
    with shown(session) as emit:
        connections = _connections((*manifests, *files), push, pull, emit)
        result = cache_image(
            conda_file,
            image=image,
            base=base,
            push=connections[push] if push else None,
            pull=connections[pull] if pull else None,
            output=output,
            build_from_source=build_from_source,
            surroundings=Surroundings(environ=session.environ, engine=engine, on_event=emit, refresh=refresh),
        )
    if session.machine_events:
        return
    print_results(result)
    if session.loudness > Loudness.QUIET:
        to_stderr(f"use it with spec.arguments.dockerfileBaseImage: {result.image.reference}")


def _connections(
    paths: tuple[Path, ...], push: str | None, pull: str | None, emit: EventSink
) -> dict[str, Connection]:
    """Return the connections of all files by id, with those that are named among them."""
    named = [name for name in (push, pull) if name]
    if not paths and not named:
        return {}
    found = {connection.id: connection for connection in load_files(paths, emit).of_kind(Connection)}
    for name in named:
        if name not in found:
            raise SpecError(
                f"the manifests hold no Connection {name!r}; {did_you_mean(name, found)}".rstrip("; "),
                code="no-connection",
            )
    return found
