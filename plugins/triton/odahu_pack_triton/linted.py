"""Models checked for the release that is to load them, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from odahu_pack_core import Notice, PlanError

from .config import ModelConfig
from .lint import Finding, Severity, Subject, examine
from .releases import Release
from .repository import ModelRepository
from .triton_model import TritonModel


def check_models(
    models: Mapping[str, TritonModel], repository: ModelRepository, release: Release
) -> tuple[Notice, ...]:
    """Apply all rules to all models of an image; return the warnings, and what comments say to ignore.

    Args:
        models: The models by their names.
        repository: Where they come from.
        release: The Triton release.

    Raises:
        PlanError: Triton would not serve them; the message has each error with its place.
    """
    folders = {name: model.folder for name, model in models.items()}
    whole = replace(repository, models=folders, whole=True)
    findings: list[Finding] = []
    ignored: list[Finding] = []
    for name, model in models.items():
        report = examine(Subject(model.folder, model.config, whole, release))
        written = repository.models[name].config
        findings += (as_written(finding, written) for finding in report.findings)
        ignored += (as_written(finding, written) for finding in report.ignored)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise _refusal(errors, release)
    warnings = (Notice(_line(finding), "warning") for finding in findings)
    return (*warnings, *(Notice(f"{_line(finding)} (ignored, as a comment says)") for finding in ignored))


def as_written(finding: Finding, written: ModelConfig) -> Finding:
    """Return a finding without its place where that is in lines which the user did not write.

    Args:
        finding: A finding in a configuration that was completed.
        written: The configuration as it was written.
    """
    beyond = finding.place and finding.place.line > written.text.count("\n") + 1
    return replace(finding, place=None) if beyond else finding


def _refusal(errors: Sequence[Finding], release: Release) -> PlanError:
    listed = "\n".join(map(str, errors))
    count = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
    return PlanError(
        f"Triton {release.version} would not serve this ({count}):\n{listed}",
        code="lint",
        hint=f"odahuflowctl triton rule {errors[0].code} tells more",
    )


def _line(finding: Finding) -> str:
    """Return a finding in one line, without its severity."""
    place = f":{finding.place.line}:{finding.place.column}" if finding.place else ""
    hint = f"; {finding.hint}" if finding.hint else ""
    return f"{finding.file}{place}: {finding.code}: {finding.message}{hint}"
