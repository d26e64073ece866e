"""The model repository of an image: every model decided, checked for the release, and laid out in layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from odahu_pack_core import Decision, FilesLayer, Notice, PackagingJob

from .environment import ModelEnvironment
from .environments import plan_environments
from .formats import PYTHON
from .linted import check_models
from .model_layers import model_layers
from .releases import Release
from .repository import CONDA_NAMES, MANIFEST_NAMES, ModelFolder, ModelRepository, read_repository
from .triton_model import ChosenModel, TritonModel, choose_model, complete_model

_MOST_SHOWN: Final = 5


@dataclass(frozen=True)
class ImageRepository:
    """All models of an image.

    Args:
        models: The models by their names, sorted.
        layers: Their files.
        decisions: Choices made, with their reasons.
        notices: What looks like a mistake, but does not keep Triton from loading them.
    """

    models: Mapping[str, TritonModel]
    layers: tuple[FilesLayer, ...]
    decisions: tuple[Decision, ...]
    notices: tuple[Notice, ...] = ()

    @property
    def environments(self) -> tuple[ModelEnvironment, ...]:
        """Each environment once."""
        found = (model.environment for model in self.models.values() if model.environment)
        return tuple({environment.layer.name: environment for environment in found}.values())

    @property
    def versions(self) -> Mapping[str, tuple[int, ...]]:
        """The versions of each model."""
        return {name: model.folder.versions for name, model in self.models.items()}


def decide_repository(job: PackagingJob, release: Release) -> ImageRepository:
    """Decide the model repository of a job's image.

    Raises:
        ArtifactError: The artifact holds something that is no model.
        PlanError: The release cannot serve what it holds; the message tells each fault with its place.
        SpecError: A conda file is wrong.
    """
    repository = read_repository(job.artifact)
    chosen = {name: choose_model(folder) for name, folder in repository.models.items()}
    with_environment = {name: model.folder for name, model in chosen.items() if model.has_environment}
    environments = plan_environments(with_environment, release, build_from_source=job.build_from_source)
    models = {name: complete_model(model, environments.get(name), release) for name, model in chosen.items()}
    notices = check_models(models, repository, release)
    layers = model_layers(models, repository.files)
    decisions = (
        *_of_models(models),
        *_of_conda_files(chosen),
        *_of_the_rest(repository),
    )
    return ImageRepository(models, layers, decisions, (*notices, *_misplaced_conda_files(chosen)))


def _of_models(models: Mapping[str, TritonModel]) -> Iterator[Decision]:
    told: set[str] = set()
    for name, model in models.items():
        for decision in model.decisions:
            is_one = decision.subject != "model" or len(models) == 1
            yield decision if is_one else replace(decision, subject=f"model {name}")
        environment = model.environment
        if environment and environment.layer.name not in told:
            told.add(environment.layer.name)
            yield from environment.decisions


def _of_conda_files(chosen: Mapping[str, ChosenModel]) -> Iterator[Decision]:
    """Tell of conda files that make no environment."""
    used = {model.folder.conda_file for model in chosen.values() if model.has_environment}
    unused = {model.folder.conda_file: name for name, model in chosen.items()}
    for conda, name in unused.items():
        if not conda or conda in used:
            continue
        if _is_beside(conda, chosen[name].folder):
            reason = f"only Python models have an environment, and {name} is none"
            yield Decision(conda, "kept as a file beside the model", reason)
        else:
            yield Decision(conda, "left out", "only Python models have an environment, and there are none")


def _is_beside(conda: str, folder: ModelFolder) -> bool:
    return any(entry.path == conda for entry in folder.entries.values())


def _misplaced_conda_files(chosen: Mapping[str, ChosenModel]) -> Iterator[Notice]:
    """Warn of conda files beside ``model.py`` in a version, where those of flat artifacts lie."""
    for model in chosen.values():
        folder = model.folder
        paths = (f"{version}/{name}" for version in folder.versions for name in CONDA_NAMES)
        for path in (path for path in paths if path in folder.entries):
            if model.format == PYTHON and folder.entries[path].path != folder.conda_file:
                yield Notice(
                    f"{folder.shown(path)} makes no environment: put it beside {folder.config_file}",
                    "warning",
                )


def _of_the_rest(repository: ModelRepository) -> Iterator[Decision]:
    others = [path for path in repository.left_out if path not in MANIFEST_NAMES]
    if others:
        more = ", …" if len(others) > _MOST_SHOWN else ""
        choice = f"{', '.join(others[:_MOST_SHOWN])}{more}"
        yield Decision("left out", choice, "neither models nor files that a model may read")
