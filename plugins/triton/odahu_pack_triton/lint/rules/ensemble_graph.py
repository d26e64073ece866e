"""The graph of an ensemble: its steps, what they give, and in which order they can run."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from odahu_pack_triton.config import FieldPath
from odahu_pack_triton.lint.rule import Subject

Step = tuple[FieldPath, Any]
"""The way to a step and the step, an ``inference.ModelEnsembling.Step``."""


def steps(subject: Subject) -> Iterator[Step]:
    """Yield the steps of an ensemble with the ways to them."""
    for index, step in enumerate(subject.message.ensemble_scheduling.step):
        yield ("ensemble_scheduling", "step", index), step


def written(subject: Subject) -> Mapping[str, FieldPath]:
    """Return where each tensor that steps give is given first."""
    places: dict[str, FieldPath] = {}
    for at, step in steps(subject):
        for key, name in step.output_map.items():
            places.setdefault(name, (*at, "output_map", key, "value"))
    return places


def ready_steps(subject: Subject) -> list[Step]:
    """Return the steps that get all their tensors, in an order in which they can run."""
    found = list(steps(subject))
    lacking = [set(step.input_map.values()) for _, step in found]
    waiting: dict[str, list[int]] = {}
    for index, names in enumerate(lacking):
        for name in names:
            waiting.setdefault(name, []).append(index)
    ordered = [index for index, names in enumerate(lacking) if not names]
    given = deque(spec.name for spec in subject.message.input)
    given.extend(name for index in ordered for name in found[index][1].output_map.values())
    while given:
        name = given.popleft()
        for index in waiting.pop(name, ()):
            lacking[index].discard(name)
            if not lacking[index]:
                ordered.append(index)
                given.extend(found[index][1].output_map.values())
    return [found[index] for index in ordered]
