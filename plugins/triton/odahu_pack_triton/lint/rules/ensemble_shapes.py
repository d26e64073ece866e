"""TR356, TR357: types and shapes of the tensors that go from one step of an ensemble to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from odahu_pack_triton.config import FieldPath
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .ensemble_models import StepModel, steps_with_models
from .facts import VARIABLE, shown, tensors, type_name

_MOST_SHOWN = 8


@dataclass(frozen=True)
class _Edge:
    """A tensor of a step's model and the tensor of the ensemble that it is bound to.

    Args:
        at: The way to the entry of the map.
        name: The tensor's name in the ensemble.
        owner: The model that says its type and dims.
        data_type: Its type; empty where the backend may complete it.
        dims: Its dims without the batch's; None where the backend may complete them.
        batched: Whether the model's batch dimension comes in front of them; None where the backend may
            complete that.
    """

    at: FieldPath
    name: str
    owner: str
    data_type: str
    dims: tuple[int, ...] | None
    batched: bool | None


@rule("TR356", "ensemble-type", Severity.ERROR)
def ensemble_type(subject: Subject) -> Iterator[Fault]:
    """A tensor of an ensemble has two data types.

    Triton refuses the ensemble:
    `inconsistent data type: TYPE_FP32 is inferred from model a while TYPE_INT32 is inferred from model b`
    ([ensemble_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/ensemble_scheduler/ensemble_utils.cc)).
    All that give or take a tensor must have the type that it has in the ensemble:

    ```proto
    input { name: "RAW" data_type: TYPE_FP32 dims: [ 4 ] }
    ```
    """
    for first, other in _pairs(subject):
        if first.data_type and other.data_type and first.data_type != other.data_type:
            text = (
                f"tensor {shown(first.name)} is {first.data_type} in {shown(first.owner)}, "
                f"but {other.data_type} in {shown(other.owner)}"
            )
            yield Fault(text, other.at)


@rule("TR357", "ensemble-shape", Severity.ERROR)
def ensemble_shape(subject: Subject) -> Iterator[Fault]:
    """A tensor of an ensemble has two shapes.

    Triton refuses the ensemble:
    `inconsistent shape: [4] is inferred from model a while [3] is inferred from model b`
    ([ensemble_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/ensemble_scheduler/ensemble_utils.cc)).
    A size of -1 fits any, and a model without batches may have the batch dimension as its first:

    ```proto
    max_batch_size: 8
    input { name: "RAW" data_type: TYPE_FP32 dims: [ 4 ] }
    ```
    """
    for first, other in _pairs(subject):
        if first.dims is not None and other.dims is not None and not _fit(first, other):
            text = (
                f"tensor {shown(first.name)} is {_shape(first)} in {shown(first.owner)}, "
                f"but {_shape(other)} in {shown(other.owner)}"
            )
            yield Fault(text, other.at)


def _pairs(subject: Subject) -> Iterator[tuple[_Edge, _Edge]]:
    """Yield each use of a tensor with the first one, by which Triton judges the others."""
    first: dict[str, _Edge] = {}
    for edge in (*_own_edges(subject), *_edges_of_steps(subject)):
        other = first.setdefault(edge.name, edge)
        if other is not edge:
            yield other, edge


def _own_edges(subject: Subject) -> Iterator[_Edge]:
    message, own = subject.message, StepModel(subject)
    if not message.HasField("ensemble_scheduling"):
        return
    for tensor in tensors(message):
        spec = tensor.spec
        dims = spec.reshape.shape if spec.HasField("reshape") else spec.dims
        yield _edge(tensor.at("name"), spec.name, own, spec, tuple(dims) if spec.dims else None)


def _edges_of_steps(subject: Subject) -> Iterator[_Edge]:
    for at, step, model in steps_with_models(subject):
        for kind in ("input", "output"):
            for key, name in getattr(step, f"{kind}_map").items():
                spec = model.specs.get((kind, key))
                if spec is not None:
                    there = (*at, f"{kind}_map", key, "value")
                    yield _edge(there, name, model, spec, tuple(spec.dims) or None)


def _edge(
    at: FieldPath,
    name: str,
    model: StepModel,
    spec: Any,  # noqa: ANN401  # protobuf's messages have no types of their own
    dims: tuple[int, ...] | None,
) -> _Edge:
    type_ = type_name(spec) if spec.data_type else ""
    size = model.message.max_batch_size
    batched = None if not size and model.may_complete else size > 0
    return _Edge(at, name, model.subject.folder.name, type_, dims, batched)


def _fit(first: _Edge, other: _Edge) -> bool:
    """Tell whether two shapes may be one, with or without the batch dimensions of their models."""
    pairs = [(first.dims or (), other.dims or ())]
    pairs += [(one, two) for one in _with_batch(first) for two in _with_batch(other)]
    return any(_equal(one, two) for one, two in pairs)


def _with_batch(edge: _Edge) -> list[tuple[int, ...]]:
    dims = edge.dims or ()
    return [
        shape
        for shape, fits in ((dims, not edge.batched), ((VARIABLE, *dims), edge.batched is not False))
        if fits
    ]


def _equal(one: Sequence[int], two: Sequence[int]) -> bool:
    if len(one) != len(two):
        return False
    return all(left == right or VARIABLE in {left, right} for left, right in zip(one, two, strict=True))


def _shape(edge: _Edge) -> str:
    dims = [*(["batch"] if edge.batched else []), *map(str, (edge.dims or ())[:_MOST_SHOWN])]
    return f"[ {', '.join(dims)} ]"
