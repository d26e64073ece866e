"""``local pack validate``: every fault of the manifests at once, and of plans where models are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from odahu_pack_core.cli.checks import Verdict, check_all
from odahu_pack_core.cli.console import to_stdout, visible
from odahu_pack_core.cli.display.lines import LineDisplay
from odahu_pack_core.cli.inputs import Inputs, choose
from odahu_pack_core.cli.options import debug_option, loudness_options, packaging_options
from odahu_pack_core.cli.session import Session
from odahu_pack_core.errors import SpecError
from odahu_pack_core.pipeline.surroundings import Surroundings
from odahu_pack_core.spec.packaging import ModelPackaging

_EPILOG = """\b
Asks nothing outside: no Docker, no package index, no registry.

\b
Examples:
  odahuflowctl local pack validate -d manifests/
  odahuflowctl local pack validate -f pack.yaml --artifact wine-model-123456789.zip
"""


@click.command(epilog=_EPILOG, short_help="Check manifests; report every fault.")
@packaging_options
@loudness_options
@debug_option
@click.pass_obj
def validate(session: Session, /, **chosen: Any) -> None:  # noqa: ANN401  # the fields of Inputs
    """Check manifests: keys, arguments, targets and connections of every packaging, or of the one named.

    Where a packaging's artifact is found, or given with --artifact, the image is planned as well.
    """
    inputs = Inputs(**chosen)
    emit = LineDisplay(session.loudness, decisions=False).show
    entities = inputs.entities(emit)
    packagings = entities.of_kind(ModelPackaging)
    if inputs.packaging_id or inputs.artifact:
        packagings = (choose(packagings, inputs.packaging_id),)
    if not entities.found:
        raise SpecError("the manifests hold nothing to validate", code="no-packaging")
    surroundings = Surroundings(environ=session.environ)
    for verdict in check_all(inputs, entities, packagings, surroundings, Path.cwd()):
        to_stdout(visible(_line(verdict)))


def _line(verdict: Verdict) -> str:
    return f"{verdict.subject}: valid; {verdict.remark}" if verdict.remark else f"{verdict.subject}: valid"
