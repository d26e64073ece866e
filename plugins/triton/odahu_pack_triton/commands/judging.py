"""Models judged as docker-triton would package them for a release."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from odahu_pack_core import ArtifactError, OdahuPackError, PlanError, SpecError
from odahu_pack_triton.config import ModelConfig
from odahu_pack_triton.environment import ModelEnvironment, plan_environment
from odahu_pack_triton.lint import Finding, Report, Severity, Subject, examine
from odahu_pack_triton.linted import as_written
from odahu_pack_triton.names import MODELS
from odahu_pack_triton.releases import Release
from odahu_pack_triton.repository import ModelFolder, ModelRepository
from odahu_pack_triton.triton_model import ChosenModel, choose_model, complete_model


@dataclass(frozen=True)
class Judgement:
    """What is to be said of one model.

    Args:
        folder: The model's folder.
        config: Its configuration as it is written.
        report: What is wrong with it.
    """

    folder: ModelFolder
    config: ModelConfig
    report: Report


def judged(repository: ModelRepository, release: Release, ignore: Collection[str]) -> Iterator[Judgement]:
    """Yield what is to be said of each model, in the order of their names.

    What a configuration lacks and the model file tells is taken as written.

    Args:
        repository: The models.
        release: The release that is to load them.
        ignore: Codes of rules that do not matter.
    """
    completed = {name: _completed(folder, release) for name, folder in repository.models.items()}
    whole = replace(repository, models={name: folder for name, (folder, _, _) in completed.items()})
    for name, (folder, config, reason) in completed.items():
        written = repository.models[name].config
        report = examine(Subject(folder, config, whole, release))
        if reason and not any(finding.severity is Severity.ERROR for finding in report.findings):
            report = replace(report, findings=(_of_error(reason, folder), *report.findings))
        yield Judgement(folder, written, _as_written(report, written, ignore))


def _completed(
    folder: ModelFolder, release: Release
) -> tuple[ModelFolder, ModelConfig, OdahuPackError | None]:
    """Return a model as it would stand in an image; if that cannot be, as it is, and the reason."""
    written = folder.config
    if written.faults:
        return folder, written, None
    try:
        chosen = choose_model(folder)
        model = complete_model(chosen, _environment(chosen, release), release)
    except (ArtifactError, PlanError, SpecError) as error:
        return folder, written, error
    return model.folder, model.config, None


def _environment(chosen: ChosenModel, release: Release) -> ModelEnvironment | None:
    """Return the environment that a model's conda file asks for; None where it is to have none."""
    if not chosen.has_environment:
        return None
    folder = chosen.folder
    at = f"{MODELS}/{folder.name}"
    return plan_environment(folder.artifact, folder.conda_file, release, at, build_from_source=False)


def _of_error(error: OdahuPackError, folder: ModelFolder) -> Finding:
    """Return why a model cannot be packaged as a finding."""
    return Finding(
        error.code, Severity.ERROR, folder.name, error.message, folder.config_file, hint=error.hint
    )


def _as_written(report: Report, written: ModelConfig, ignore: Collection[str]) -> Report:
    """Leave out what is to be ignored, and places in lines that are not in the file."""
    findings = [as_written(finding, written) for finding in report.findings]
    return Report(
        tuple(finding for finding in findings if finding.code not in ignore),
        (*report.ignored, *(finding for finding in findings if finding.code in ignore)),
    )
