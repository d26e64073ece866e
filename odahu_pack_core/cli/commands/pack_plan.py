"""``local pack plan``: what would be built, and why, without building it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from odahu_pack_core.cli.console import to_stdout, visible
from odahu_pack_core.cli.display import shown
from odahu_pack_core.cli.formats import OutputFormat, format_document
from odahu_pack_core.cli.inputs import Inputs
from odahu_pack_core.cli.options import (
    debug_option,
    engine_options,
    format_option,
    loudness_options,
    packaging_options,
)
from odahu_pack_core.cli.plan_document import plan_document, resolved_document
from odahu_pack_core.cli.plan_summary import plan_summary, resolved_summary
from odahu_pack_core.cli.session import Loudness, Session
from odahu_pack_core.errors import UsageError
from odahu_pack_core.events import EventSink, Notice
from odahu_pack_core.pipeline.jobs import Request
from odahu_pack_core.pipeline.planning import plan_request
from odahu_pack_core.pipeline.surroundings import Surroundings
from odahu_pack_core.plan.build_plan import BuildPlan, ResolvedPlan

_EPILOG = """\b
Without --resolve nothing outside is asked: no Docker, no package index, no registry.

\b
Examples:
  odahuflowctl local pack plan --id docker-rest-packager-example -d manifests/
  odahuflowctl local pack plan -f pack.yaml --dockerfile
  odahuflowctl local pack plan -f pack.yaml --resolve -o json
  odahuflowctl local pack plan -f pack.yaml -o 'jsonpath=$.image'
"""


@click.command(epilog=_EPILOG, short_help="Show what would be built, and why.")
@packaging_options
@click.option("--dockerfile", is_flag=True, help="Print the plan as a Dockerfile.")
@click.option("--resolve", is_flag=True, help="Find the base image and choose all versions; needs a network.")
@engine_options
@format_option("json", "yaml")
@loudness_options
@debug_option
@click.pass_obj
def plan(
    session: Session,
    /,
    output_format: OutputFormat | None,
    engine: str,
    *,
    dockerfile: bool,
    resolve: bool,
    refresh: bool,
    **chosen: Any,  # noqa: ANN401  # the fields of Inputs
) -> None:
    """Show the image that would be built: its name, base, layers and instructions, and why.

    File contents are shown by size and digest.
    """
    if dockerfile and output_format:
        raise UsageError("--dockerfile and -o both want stdout; choose one", code="usage")
    inputs = Inputs(**chosen)
    with _shown(session, everything=resolve) as emit:
        entities = inputs.entities(emit)
        packaging = inputs.packaging(entities)
        artifact = inputs.find_artifact(packaging, session.environ, Path.cwd())
        surroundings = Surroundings(environ=session.environ, engine=engine, on_event=emit, refresh=refresh)
        act = _resolve if resolve else plan_request
        planned = act(inputs.request(packaging, entities, artifact), surroundings)
    to_stdout(_text(planned, output_format, dockerfile=dockerfile))


def _resolve(request: Request, surroundings: Surroundings) -> ResolvedPlan:
    from odahu_pack_core.pipeline.run import resolve_request  # noqa: PLC0415  # a plan alone needs no engine

    return resolve_request(request, surroundings)


@contextmanager
def _shown(session: Session, *, everything: bool) -> Iterator[EventSink]:
    """Show what happens; an offline plan is there at once and tells its decisions, so notices are left."""
    with shown(session, decisions=False) as emit:
        if everything or session.loudness is Loudness.VERBOSE:
            yield emit
        else:
            yield lambda event: emit(event) if isinstance(event, Notice) else None


def _text(planned: BuildPlan | ResolvedPlan, output_format: OutputFormat | None, *, dockerfile: bool) -> str:
    if dockerfile:
        images = planned.images if isinstance(planned, ResolvedPlan) else (planned,)
        return "\n\n".join(image.dockerfile().rstrip("\n") for image in images)
    if isinstance(planned, ResolvedPlan):
        document, summary = resolved_document(planned), resolved_summary(planned)
    else:
        document, summary = plan_document(planned), plan_summary(planned)
    return format_document(document, output_format) if output_format else visible(summary)
