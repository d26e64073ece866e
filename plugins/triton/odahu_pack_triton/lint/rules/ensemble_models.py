"""The models that the steps of an ensemble run, as far as the repository tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from odahu_pack_core import ArtifactError
from odahu_pack_triton.config import CONFIG, FieldPath, ModelConfig, parse_config
from odahu_pack_triton.lint.rule import Subject

from .ensemble_graph import steps
from .facts import ENSEMBLE, backend_of, may_complete


def model_of(subject: Subject, name: str) -> Subject | None:
    """Return a model of the repository; None where it, or a configuration that can be read, is not there."""
    folder = subject.repository.models.get(name)
    if folder is None or not folder.has(CONFIG):
        return None
    try:
        config = _parsed(folder.read_text(CONFIG))
    except ArtifactError:  # the model itself is told
        return None
    return replace(subject, folder=folder, config=config)


@lru_cache(maxsize=64)
def _parsed(text: str) -> ModelConfig:
    """Parse a text once for all rules and all ensembles that ask for it."""
    return parse_config(text)


def steps_with_models(subject: Subject) -> Iterator[tuple[FieldPath, Any, Subject]]:
    """Yield the steps whose models are known, with them."""
    models: dict[str, Subject | None] = {}
    for at, step in steps(subject):
        name = step.model_name
        if name not in models:
            models[name] = model_of(subject, name)
        if (model := models[name]) is not None:
            yield at, step, model


def knows_all(model: Subject, kind: str) -> bool:
    """Tell whether the inputs or outputs that are configured are all that the model will have."""
    message = model.message
    if not may_complete(model):
        return True
    # With both written, most backends complete nothing; a Python model may add to what is written.
    return bool(message.input and message.output and getattr(message, kind)) and backend_of(model) != "python"


def loaded_versions(subject: Subject, name: str) -> tuple[int, ...] | None:
    """Return the versions of a model that its policy lets Triton load; None where that is not known."""
    model = model_of(subject, name)
    if model is None:
        return None
    versions, policy = model.folder.versions, model.message.version_policy
    if policy.HasField("all"):
        return versions
    if policy.HasField("specific"):
        wanted = set(policy.specific.versions)
        return tuple(version for version in versions if version in wanted)
    latest = policy.latest.num_versions if policy.HasField("latest") else 1
    return versions[-latest:] if latest else ()


def reaches(subject: Subject, name: str, wanted: str) -> bool:
    """Tell whether a model is, or runs by ensembles, another one."""
    met: set[str] = set()
    ahead = [name]
    while ahead:
        name = ahead.pop()
        if name == wanted:
            return True
        model = model_of(subject, name) if name not in met else None
        met.add(name)
        if model is not None and model.message.platform == ENSEMBLE:
            ahead.extend(step.model_name for _, step in steps(model))
    return False
