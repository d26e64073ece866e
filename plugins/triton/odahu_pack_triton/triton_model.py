"""A model as it will stand in the model repository of an image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from odahu_pack_core import (
    ArtifactEntry,
    Decision,
    PlannedFile,
    TextFile,
)

from .config import CONFIG, ModelConfig, read_config
from .environment import ModelEnvironment
from .formats import PYTHON, ModelFormat
from .image_config import check_one_environment, image_config, with_environment
from .model_file import choose_format
from .names import MODELS
from .releases import Release
from .repository import MadeFile, ModelFolder, with_files, with_version, without_linked

_FIRST_VERSION: Final = 1


@dataclass(frozen=True)
class ChosenModel:
    """A model of which it is known what it is.

    Args:
        folder: Its folder in the artifact.
        config: Its configuration as written; an empty one where it has none.
        format: Its format; None where it is none of ours.
        decisions: Choices made, with their reasons.
    """

    folder: ModelFolder
    config: ModelConfig
    format: ModelFormat | None
    decisions: tuple[Decision, ...]

    @property
    def has_environment(self) -> bool:
        """Whether its conda file becomes an environment."""
        return self.format == PYTHON and bool(self.folder.conda_file)


@dataclass(frozen=True)
class TritonModel:
    """A model as it will stand in an image.

    Args:
        folder: Its folder, its configuration completed.
        config: Its configuration.
        environment: Its environment; None where the base image's will do.
        decisions: Choices made, with their reasons.
    """

    folder: ModelFolder
    config: ModelConfig
    environment: ModelEnvironment | None
    decisions: tuple[Decision, ...]

    def files(self) -> Iterator[PlannedFile]:
        """Yield the files of the model's folder."""
        conda = self.environment.conda_path if self.environment else None
        for path, entry in without_linked(self.folder.entries).items():
            if entry.path != conda:
                yield planned(entry, f"{MODELS}/{self.folder.name}/{path}")
        if self.environment:
            yield from self.environment.files


def choose_model(folder: ModelFolder) -> ChosenModel:
    """Find out what a model is.

    Raises:
        ArtifactError: Nothing says so.
    """
    config = folder.config
    if config.faults:  # the linter tells them
        return ChosenModel(folder, config, None, ())
    format_, chosen = choose_format(folder, config)
    decisions = [chosen]
    if config.is_ensemble and not folder.versions:
        folder = with_version(folder, _FIRST_VERSION)
        reason = "an ensemble has no files of its own, but a version"
        decisions.append(Decision(f"{folder.name}/{_FIRST_VERSION}", "empty folder added", reason))
    return ChosenModel(folder, config, format_, tuple(decisions))


def complete_model(
    chosen: ChosenModel, environment: ModelEnvironment | None, release: Release
) -> TritonModel:
    """Decide how a model will stand in an image.

    Args:
        chosen: The model.
        environment: Its environment; None where it has none of its own.
        release: The Triton release.

    Raises:
        ArtifactError: Its configuration is needed, and cannot be made.
        PlanError: Its configuration contradicts its conda file.
    """
    folder, config = chosen.folder, chosen.config
    if environment:
        check_one_environment(config, folder)
    text, decisions = image_config(folder, config, chosen.format, release)
    parameter = environment.parameter if environment else ""
    if parameter:
        choice = f"{parameter} is its environment"
        decisions = (*decisions, Decision(folder.config_file, choice, f"{folder.conda_file} asks for one"))
    text = with_environment(text, parameter)
    if text != config.text:
        folder, config = with_files(folder, {CONFIG: text.encode()}), read_config(text)
    return TritonModel(folder, config, environment, (*chosen.decisions, *decisions))


def planned(entry: ArtifactEntry, path: str) -> PlannedFile:
    """Return a member of a model repository as a file of an image.

    Args:
        entry: The member.
        path: Absolute path in the image.
    """
    if isinstance(entry.packed, MadeFile):
        return TextFile(path, entry.packed.content)
    return entry.planned(path)
