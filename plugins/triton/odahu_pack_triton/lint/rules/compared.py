"""What rules compare: inputs and outputs of a configuration and of the model file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from odahu_pack_triton.config import FieldPath
from odahu_pack_triton.lint.rule import Subject
from odahu_pack_triton.model_files import (
    GraphDef,
    ModelFile,
    OnnxModel,
    SavedModel,
    TensorSignature,
)

from .facts import Tensor, tensors
from .model_files import files_of
from .saved_models import served_signatures


@dataclass(frozen=True)
class ModelSide:
    """A model file's inputs and outputs as rules compare them.

    Args:
        path: The file.
        inputs: The inputs that Triton must give.
        optional: Inputs that have a value of their own.
        outputs: The outputs; None where the file does not list them.
        exact_outputs: Whether an output's sizes that vary must vary in the configuration, too.
        scalars_are_checked: Whether no dimensions mean a scalar; else they mean that nothing is known.
        lists_inputs: Whether all inputs must be given; else any may be left out.
    """

    path: str
    inputs: Mapping[str, TensorSignature]
    optional: Mapping[str, TensorSignature] = field(default_factory=dict)
    outputs: Mapping[str, TensorSignature] | None = None
    exact_outputs: bool = False
    scalars_are_checked: bool = False
    lists_inputs: bool = True

    def find(self, tensor: Tensor) -> TensorSignature | None:
        """Return what the file says of a configured tensor; None where it says nothing."""
        if tensor.kind == "output":
            return (self.outputs or {}).get(tensor.spec.name)
        return self.inputs.get(tensor.spec.name) or self.optional.get(tensor.spec.name)


def _by_name(tensors_: Iterable[TensorSignature]) -> dict[str, TensorSignature]:
    return {tensor.name: tensor for tensor in tensors_}


def model_sides(subject: Subject) -> Iterator[ModelSide]:
    """Yield what each model file lists, where it can be told."""
    for file in files_of(subject):
        side = _model_side(subject, file)
        if side is not None:
            yield side


def _model_side(subject: Subject, file: ModelFile) -> ModelSide | None:
    content = file.content
    if isinstance(content, OnnxModel):
        signature = content.signature
        optional = _by_name(signature.optional)
        inputs, outputs = _by_name(signature.inputs), _by_name(signature.outputs)
        return ModelSide(file.shown, inputs, optional, outputs, scalars_are_checked=True)
    if isinstance(content, SavedModel):
        served = list(served_signatures(subject, content).values())
        if len(served) != 1:  # which of several is served is not known
            return None
        inputs, outputs = _by_name(served[0].inputs), _by_name(served[0].outputs)
        return ModelSide(file.shown, inputs, {}, outputs, exact_outputs=True)
    if isinstance(content, GraphDef):
        names_only = {tensor.name: TensorSignature(tensor.name) for tensor in content.inputs}
        outputs = {name: TensorSignature(name) for name in content.others}
        return ModelSide(file.shown, names_only, {}, outputs, lists_inputs=False)
    return None


def configured_inputs(subject: Subject) -> Iterator[tuple[str, FieldPath]]:
    """Yield every input of the model that a configuration names, and where."""
    for index, spec in enumerate(subject.message.input):
        yield spec.name, ("input", index, "name")
    yield from _server_inputs(subject)


def _server_inputs(subject: Subject) -> Iterator[tuple[str, FieldPath]]:
    """Yield the inputs that Triton gives by itself."""
    message = subject.message
    for index, control in enumerate(message.sequence_batching.control_input):
        yield control.name, ("sequence_batching", "control_input", index, "name")
    for index, state in enumerate(message.sequence_batching.state):
        yield state.input_name, ("sequence_batching", "state", index, "input_name")
    for index, batch_input in enumerate(message.batch_input):
        for count, name in enumerate(batch_input.target_name):
            yield name, ("batch_input", index, "target_name", count)


def pairs(subject: Subject) -> Iterator[tuple[Tensor, TensorSignature, ModelSide]]:
    """Yield each configured tensor with what a model file says of it."""
    for graph in model_sides(subject):
        for tensor in tensors(subject.message):
            known = graph.find(tensor)
            if known is not None:
                yield tensor, known, graph
