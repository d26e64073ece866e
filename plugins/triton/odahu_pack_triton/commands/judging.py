"""Models judged as docker-triton would package them for a release."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final

from odahu_pack_core import ArtifactError
from odahu_pack_triton.config import CONFIG, MOST_CHARACTERS, ModelConfig, Place, read_config
from odahu_pack_triton.lint import Finding, Report, Severity, Subject, examine
from odahu_pack_triton.releases import Release
from odahu_pack_triton.repository import ModelFolder, ModelRepository
from odahu_pack_triton.triton_model import choose_model, complete_model

_MOST_BYTES: Final = 4 * (MOST_CHARACTERS + 1)


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
        written = _read(repository.models[name])
        report = examine(Subject(folder, config, whole, release))
        if reason and not any(finding.severity is Severity.ERROR for finding in report.findings):
            report = replace(report, findings=(_of_error(reason, folder), *report.findings))
        yield Judgement(folder, written, _as_written(report, written, ignore))


def _completed(
    folder: ModelFolder, release: Release
) -> tuple[ModelFolder, ModelConfig, ArtifactError | None]:
    """Return a model as it would stand in an image; if that cannot be, as it is, and the reason."""
    written = _read(folder)
    if written.faults:
        return folder, written, None
    try:
        model = complete_model(choose_model(folder), None, release)
    except ArtifactError as error:
        return folder, written, error
    return model.folder, model.config, None


def _read(folder: ModelFolder) -> ModelConfig:
    """Return a configuration as it is written, whatever is in the file."""
    if not folder.has(CONFIG):
        return read_config("")
    try:
        with folder.open(CONFIG) as stream:
            return read_config(stream.read(_MOST_BYTES))
    except OSError:  # it may be a link
        return read_config(folder.read_text(CONFIG))


def _of_error(error: ArtifactError, folder: ModelFolder) -> Finding:
    """Return why a model cannot be packaged as a finding."""
    return Finding(
        error.code, Severity.ERROR, folder.name, error.message, folder.config_file, hint=error.hint
    )


def _as_written(report: Report, written: ModelConfig, ignore: Collection[str]) -> Report:
    """Leave out what is to be ignored, and places in lines that are not in the file."""
    last = Place(written.text.count("\n") + 2, 0)
    findings = [
        replace(finding, place=None) if finding.place and finding.place >= last else finding
        for finding in report.findings
    ]
    return Report(
        tuple(finding for finding in findings if finding.code not in ignore),
        (*report.ignored, *(finding for finding in findings if finding.code in ignore)),
    )
