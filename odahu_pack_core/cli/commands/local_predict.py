"""``local predict``: the command that a model's image would run, on this machine and without a container."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from odahu_pack_core.cli.inputs import Inputs
from odahu_pack_core.cli.running import become, given_variables, local_options, prepared
from odahu_pack_core.cli.session import Session
from odahu_pack_core.pipeline.local.prepare import LocalRun

_EPILOG = """
WORDS are what follows the image's name in 'docker run IMAGE'; '-- --help' shows what they may be. Paths in
them are this machine's. The exit code is that of the image's command.

Edit the model, run again: a model that is a folder is used in place, and its environment is kept in the
cache. Nothing is built or pushed, no registry is asked, targets do not count.

\b
Examples:
  odahuflowctl local predict --id docker-cli-packager-example -d manifests/ -- predict rows.json out/
  odahuflowctl local predict -f pack.yaml --artifact wine/ -- predict rows.csv out/
  odahuflowctl local predict -f pack.yaml --artifact wine/ -- --help
"""


@click.command(
    epilog=_EPILOG,
    short_help="Run a model's image command on files.",
    context_settings={"allow_interspersed_args": False},
)
@local_options
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[--] [WORDS]…")
@click.pass_obj
def predict(
    session: Session,
    /,
    *,
    words: tuple[str, ...],
    python: Path | None,
    variables: tuple[str, ...],
    refresh: bool,
    **chosen: Any,  # noqa: ANN401  # the fields of Inputs
) -> None:
    """Run the command of a model's image on this machine, without a container."""
    run = LocalRun(
        words=words or None,
        serves=False,
        python=python,
        variables=given_variables(variables, session.environ),
    )
    become(prepared(session, Inputs(**chosen, output=None, platforms=None), run, refresh=refresh))
