"""``local serve``: the server that a model's image would run, on this machine and without a container."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from odahu_pack_core.cli.inputs import Inputs
from odahu_pack_core.cli.running import become, given_variables, local_options, prepared
from odahu_pack_core.cli.session import Session
from odahu_pack_core.pipeline.local.prepare import LOOPBACK, LocalRun

_EPILOG = """
Edit the model, stop with Ctrl-C, start again: a model that is a folder is used in place, and its
environment is kept in the cache. Nothing is built or pushed, no registry is asked, targets do not count.

As in the image are the Python X.Y, the packages, the server, its arguments and its variables. System
libraries, the user and the file system are this machine's, and nobody else is let in but with --host.

\b
Examples:
  odahuflowctl local serve --id docker-rest-packager-example -d manifests/
  odahuflowctl local serve -f pack.yaml --artifact wine/ --port 8080
  odahuflowctl local serve -f pack.yaml --artifact wine.zip --env LOG_LEVEL=debug --python /usr/bin/python3
"""


@click.command(epilog=_EPILOG, short_help="Serve a model as its image would.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="PORT",
    show_default="the image's",
    help="The port to listen on.",
)
@click.option(
    "--host",
    default=LOOPBACK,
    show_default=True,
    metavar="ADDRESS",
    help="The address to listen on; 0.0.0.0 lets others in.",
)
@local_options
@click.pass_obj
def serve(
    session: Session,
    /,
    *,
    port: int | None,
    host: str,
    python: Path | None,
    variables: tuple[str, ...],
    refresh: bool,
    **chosen: Any,  # noqa: ANN401  # the fields of Inputs
) -> None:
    """Serve a model on this machine as its image would, without a container."""
    run = LocalRun(
        serves=True,
        host=host,
        port=port,
        python=python,
        variables=given_variables(variables, session.environ),
    )
    become(prepared(session, Inputs(**chosen, output=None, platforms=None), run, refresh=refresh))
