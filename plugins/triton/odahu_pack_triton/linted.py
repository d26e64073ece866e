"""Models checked for the release that is to load them, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from odahu_pack_core import Notice, PlanError

from .lint import Finding, Severity, Subject, lint
from .releases import Release
from .repository import ModelRepository
from .triton_model import TritonModel


def check_models(
    models: Mapping[str, TritonModel], repository: ModelRepository, release: Release
) -> tuple[Notice, ...]:
    """Apply all rules to all models of an image; return the warnings.

    Args:
        models: The models by their names.
        repository: Where they come from.
        release: The Triton release.

    Raises:
        PlanError: Triton would not serve them; the message has each error with its place.
    """
    folders = {name: model.folder for name, model in models.items()}
    whole = replace(repository, models=folders, whole=True)
    findings = [
        finding
        for model in models.values()
        for finding in lint(Subject(model.folder, model.config, whole, release))
    ]
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise _refusal(errors, release)
    return tuple(Notice(_line(finding), "warning") for finding in findings)


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
