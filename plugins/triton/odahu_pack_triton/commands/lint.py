"""``triton lint``: what keeps models from being served."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from odahu_pack_core import OdahuPackError, PlanError, debug_option, to_stderr, to_stdout
from odahu_pack_triton.config import CONFIG
from odahu_pack_triton.lint import Finding, Severity
from odahu_pack_triton.releases import Release

from .judging import Judgement, judged
from .opening import OpenedModels, opened_models
from .options import MODEL_PATH, RuleParameter, release_option
from .wording import Told, as_github, as_json, as_text, summary

_EPILOG: Final = """\b
Examples:
  odahuflowctl triton lint models/ --triton-base-image-tag 24.10-py3
  odahuflowctl triton lint models/resnet/config.pbtxt --strict
  odahuflowctl triton lint wine.zip --ignore TR104 -o json

\b
A comment in config.pbtxt switches a rule off for its model:
  # odahu-pack: ignore TR104
"""


@dataclass
class _Run:
    """What one run of the command has seen.

    Args:
        told: All findings.
        models: Names of all models.
        unreadable: Exit code of the last path that could not be read; 0 for none.
    """

    told: list[Told] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    unreadable: int = 0


@click.command(epilog=_EPILOG, short_help="Tell what keeps models from being served.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=MODEL_PATH)
@release_option
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.option(
    "--ignore", multiple=True, type=RuleParameter(), metavar="CODE", help="Leave a rule out. Repeatable."
)
@click.option(
    "-o",
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How findings are printed; github makes annotations of a workflow.",
)
@debug_option
@click.pass_context
def lint(
    context: click.Context,
    *,
    paths: tuple[Path, ...],
    release: Release,
    strict: bool,
    ignore: tuple[str, ...],
    output_format: str,
) -> None:
    """Tell, without Triton and without a GPU, what keeps models from being served.

    PATH is a model's folder, a model repository, the files of one model, or an archive of one of these; that
    of a config.pbtxt stands for its folder. Models are judged as docker-triton would package them: what a
    configuration lacks and the model file tells is taken as written.

    Ends with 0 where Triton would serve every model, with 13 where it would refuse one, or answer no request
    of it rightly (with --strict: where anything is said), with 12 where a path cannot be read.
    """
    run = _Run()
    for path in paths:
        _judge(path, release, ignore, run)
    _print(run, release, output_format)
    is_default = context.get_parameter_source("release") is click.core.ParameterSource.DEFAULT
    to_stderr(summary(run.told, len(run.models), release, ", the default" if is_default else ""))
    context.exit(run.unreadable or (PlanError.exit_code if _fails(run.told, strict=strict) else 0))


def _judge(path: Path, release: Release, ignore: Collection[str], run: _Run) -> None:
    """Add what is to be said of the models at a path."""
    try:
        with opened_models(path) as models:
            for judgement in judged(models.repository, release, ignore):
                run.models.append(judgement.folder.name)
                run.told += _told(judgement, models)
    except OdahuPackError as error:
        # The other paths are to be judged, too.
        to_stderr(f"Error: {error}" if str(path) in error.message else f"Error: {path}: {error}")
        run.unreadable = error.exit_code


def _told(judgement: Judgement, models: OpenedModels) -> Iterator[Told]:
    report, folder = judgement.report, judgement.folder
    lines = judgement.config.text.split("\n")
    for finding in (*report.findings, *report.ignored):
        of_config = finding.file == folder.shown(CONFIG)
        line = _line(lines, finding) if of_config else ""
        yield Told(finding, models.shown(finding.file), line, finding in report.ignored)


def _line(lines: Sequence[str], finding: Finding) -> str:
    return lines[finding.place.line - 1] if finding.place and finding.place.line <= len(lines) else ""


def _print(run: _Run, release: Release, output_format: str) -> None:
    if output_format == "json":
        to_stdout(as_json(run.told, release, run.models))
        return
    for told in run.told:
        if not told.ignored:
            is_text = output_format == "text"
            to_stdout(as_text(told, with_line=sys.stdout.isatty()) if is_text else as_github(told))


def _fails(told: Sequence[Told], *, strict: bool) -> bool:
    return any(strict or one.finding.severity is Severity.ERROR for one in told if not one.ignored)
