"""The models that the steps of an ensemble run, as far as the repository tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from odahu_pack_core import ArtifactError
from odahu_pack_triton.config import CONFIG, FieldPath, read_config
from odahu_pack_triton.lint.rule import Subject

from .ensemble_graph import steps
from .facts import ENSEMBLE, backend_of, may_complete, tensors


@dataclass(frozen=True)
class StepModel:
    """A model that a step runs.

    Args:
        subject: The model as rules see it.
    """

    subject: Subject

    @property
    def message(self) -> Any:  # noqa: ANN401  # protobuf's messages have no types of their own
        """Its configuration as ``inference.ModelConfig``."""
        return self.subject.message

    @cached_property
    def may_complete(self) -> bool:
        """Whether its backend may fill in what the configuration leaves out."""
        return may_complete(self.subject)

    @cached_property
    def specs(self) -> Mapping[tuple[str, str], Any]:
        """Its inputs and outputs by kind and name."""
        return {(tensor.kind, tensor.spec.name): tensor.spec for tensor in tensors(self.message)}

    def names(self, kind: str) -> Iterator[str]:
        """Yield the names of its inputs or outputs."""
        return (spec.name for spec in getattr(self.message, kind))

    def knows_all(self, kind: str) -> bool:
        """Tell whether the inputs or outputs that are configured are all that the model will have."""
        if not self.may_complete:
            return True
        message = self.message
        # With both written, most backends complete nothing; a Python model may add to what is written.
        written = message.input and message.output and getattr(message, kind)
        return bool(written) and backend_of(self.subject) != "python"


class StepModels:
    """The models of a repository by their names, each read when it is asked for, and once."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._models: dict[str, StepModel | None] = {}

    def get(self, name: str) -> StepModel | None:
        """Return a model; None where it, or a configuration that can be read, is not there."""
        if name not in self._models:
            self._models[name] = self._found(name)
        return self._models[name]

    def reaches(self, name: str, wanted: str) -> bool:
        """Tell whether a model is, or runs by ensembles, another one."""
        met: set[str] = set()
        ahead = [name]
        while ahead:
            name = ahead.pop()
            if name == wanted:
                return True
            model = self.get(name) if name not in met else None
            met.add(name)
            if model is not None and model.message.platform == ENSEMBLE:
                ahead.extend(step.model_name for _, step in steps(model.subject))
        return False

    def _found(self, name: str) -> StepModel | None:
        if name == self._subject.folder.name:
            return StepModel(self._subject)
        folder = self._subject.repository.models.get(name)
        if folder is None or not folder.has(CONFIG):
            return None
        try:
            config = read_config(folder.read_text(CONFIG))
        except ArtifactError:  # the model itself is told
            return None
        return None if config.faults else StepModel(replace(self._subject, folder=folder, config=config))


def steps_with_models(subject: Subject) -> Iterator[tuple[FieldPath, Any, StepModel]]:
    """Yield the steps whose models are known, with them."""
    models = StepModels(subject)
    for at, step in steps(subject):
        if (model := models.get(step.model_name)) is not None:
            yield at, step, model
