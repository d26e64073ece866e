"""TR42x: requests that a model is warmed up with."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from math import prod
from typing import Any, Final

from odahu_pack_triton.config import FieldPath
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import VARIABLE, near, shown, type_name

_FOLDER: Final = "warmup"
_MOST_SHOWN: Final = 5
_MOST_FAULTS: Final = 20
_MOST_SAMPLES: Final = 100
_MOST_DIMS: Final = 32
_BYTES: Final = {
    **dict.fromkeys(("TYPE_BOOL", "TYPE_UINT8", "TYPE_INT8"), 1),
    **dict.fromkeys(("TYPE_UINT16", "TYPE_INT16", "TYPE_FP16", "TYPE_BF16"), 2),
    **dict.fromkeys(("TYPE_UINT32", "TYPE_INT32", "TYPE_FP32"), 4),
    **dict.fromkeys(("TYPE_UINT64", "TYPE_INT64", "TYPE_FP64"), 8),
}


@dataclass(frozen=True)
class _Given:
    """A tensor of a sample.

    Args:
        name: Its name.
        spec: What is configured, an ``inference.ModelWarmup.Input``.
        at: The way to it.
        expected: The input of that name, an ``inference.ModelInput``; None where there is none.
    """

    name: str
    spec: Any
    at: FieldPath
    expected: Any


@rule("TR421", "warmup-skipped", Severity.WARNING)
def warmup_skipped(subject: Subject) -> Iterator[Fault]:
    """A sample for warming up has no `batch_size`, so that Triton skips it.

    Without one it is 0, and the sample is never run
    ([model warmup](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#model-warmup)).
    Write 1, also for a model without batches:

    ```proto
    model_warmup { batch_size: 1 inputs { … } }
    ```
    """
    for index, sample in enumerate(subject.message.model_warmup):
        if sample.batch_size == 0:
            at = ("model_warmup", index, "batch_size")
            yield Fault(f"the sample {shown(sample.name)} is skipped", at, "write batch_size: 1 or more")


@rule("TR422", "warmup-lacks-input", Severity.ERROR)
def warmup_lacks_input(subject: Subject) -> Iterator[Fault]:
    """A sample for warming up lacks an input that every request must have.

    The model fails to load: `missing required input(s)`
    ([model warmup](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#model-warmup)).
    Write one entry for each input that is not `optional`:

    ```proto
    model_warmup {
      batch_size: 1
      inputs { key: "image" value { data_type: TYPE_UINT8 dims: [ 64, 64 ] zero_data: true } }
    }
    ```
    """
    required = [tensor.name for tensor in subject.message.input if not tensor.optional]
    for index, sample in _samples(subject):
        lacking = [shown(name) for name in required if name not in sample.inputs]
        if lacking:
            more = ", …" if len(lacking) > _MOST_SHOWN else ""
            reason = f"the sample {shown(sample.name)} lacks {', '.join(lacking[:_MOST_SHOWN])}{more}"
            yield Fault(reason, ("model_warmup", index))


@rule("TR423", "warmup-of-no-input", Severity.WARNING)
def warmup_of_no_input(subject: Subject) -> Iterator[Fault]:
    """A sample for warming up has a tensor that is no input of the model.

    Triton hands it to the model as it hands over the controls of a sequence
    ([model warmup](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#model-warmup)).
    Where it is none of these, its name is misspelt.
    """
    batching = subject.message.sequence_batching
    controls = {control.name for control in batching.control_input}
    states = {state.input_name for state in batching.state}
    names = [tensor.name for tensor in subject.message.input]
    known = {*names, *controls, *states}
    strangers = (tensor for tensor in _tensors(subject) if names and tensor.name not in known)
    for tensor in islice(strangers, _MOST_FAULTS):
        yield Fault(f"no input is called {shown(tensor.name)}; {near(tensor.name, names)}", tensor.at)


@rule("TR424", "warmup-shape", Severity.ERROR)
def warmup_shape(subject: Subject) -> Iterator[Fault]:
    """A tensor of a sample for warming up has other dims than the input, or open ones.

    The model fails to load: `unexpected shape for input`, or `all variable-size dimensions are specified`
    ([model warmup](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#model-warmup)).
    Write the input's dims, without the batch's, with a number where the input has -1.
    """
    for tensor in _tensors(subject):
        dims, at = list(tensor.spec.dims), (*tensor.at, "value", "dims")
        if VARIABLE in dims:
            yield Fault(f"a dim of {shown(tensor.name)} is open", at, "write a number for each -1")
        elif tensor.expected is not None and not _fits(dims, list(tensor.expected.dims)):
            reason = (
                f"{shown(tensor.name)} is given as {dims}, but the input has {list(tensor.expected.dims)}"
            )
            yield Fault(reason, at, "write the input's dims, without the batch's")


@rule("TR425", "warmup-type", Severity.ERROR)
def warmup_type(subject: Subject) -> Iterator[Fault]:
    """A tensor of a sample for warming up has another type than the input.

    The model fails to load: `inference input data-type is 'INT32', but model expects 'FP32'`
    ([model warmup](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#model-warmup)).
    Write the input's `data_type`.
    """
    for tensor in _tensors(subject):
        expected = tensor.expected
        if expected is not None and expected.data_type and expected.data_type != tensor.spec.data_type:
            reason = f"{shown(tensor.name)} is given as {type_name(tensor.spec)}, not {type_name(expected)}"
            yield Fault(reason, (*tensor.at, "value", "data_type"), f"write {type_name(expected)}")


@rule("TR426", "warmup-batch-too-large", Severity.ERROR)
def warmup_batch_too_large(subject: Subject) -> Iterator[Fault]:
    """A sample for warming up has a larger batch than the model takes.

    The model fails to load: `batch size 9, max allowed is 8`
    ([model warmup](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#model-warmup)).
    Write at most `max_batch_size`, and 1 for a model without batches.
    """
    message = subject.message
    completes = not (message.input and message.output)
    most = max(message.max_batch_size, 1)
    for index, sample in _samples(subject):
        if sample.batch_size > most and not completes:
            at = ("model_warmup", index, "batch_size")
            yield Fault(f"batch_size {sample.batch_size} is more than the {most} that the model takes", at)


@rule("TR427", "warmup-without-values", Severity.ERROR)
def warmup_without_values(subject: Subject) -> Iterator[Fault]:
    """A tensor of a sample for warming up does not say where its values come from.

    The model fails to load: `expects input to have input_data_type set`
    ([model warmup](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#model-warmup)).
    Write one of `zero_data: true`, `random_data: true` and `input_data_file`.
    """
    for tensor in _tensors(subject):
        if tensor.spec.WhichOneof("input_data_type") is None:
            hint = "write zero_data: true, random_data: true or input_data_file"
            yield Fault(f"{shown(tensor.name)} has no values", (*tensor.at, "value"), hint)


@rule("TR428", "warmup-file", Severity.ERROR)
def warmup_file(subject: Subject) -> Iterator[Fault]:
    """A file with values for warming up is missing, or too short for the tensor.

    Triton looks in the folder `warmup` beside `config.pbtxt`, and the model fails to load:
    `failed to open text file for read`, or `warmup setting expects 8 bytes`
    ([model warmup](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#model-warmup)).
    The file holds the raw values of one item of a batch, in little-endian order:

    ```
    resnet/config.pbtxt
    resnet/warmup/cat.raw
    ```
    """
    for tensor in _tensors(subject):
        file, at = tensor.spec.input_data_file, (*tensor.at, "value", "input_data_file")
        path = posixpath.normpath(posixpath.join(_FOLDER, file))
        entry = subject.folder.entries.get(path)
        if tensor.spec.WhichOneof("input_data_type") != "input_data_file":
            continue
        if entry is None:
            yield Fault(f"the model has no file {shown(path)}", at)
        elif not entry.link and entry.size < (needed := _bytes(tensor.spec)):
            yield Fault(f"{shown(path)} has {entry.size} bytes, but the tensor has {needed}", at)


def _samples(subject: Subject) -> Iterator[tuple[int, Any]]:
    """Yield the samples that are run; an ensemble may have none, which another rule tells."""
    if not subject.message.HasField("ensemble_scheduling"):
        samples = islice(enumerate(subject.message.model_warmup), _MOST_SAMPLES)
        yield from ((index, sample) for index, sample in samples if sample.batch_size)


def _tensors(subject: Subject) -> Iterator[_Given]:
    inputs = {tensor.name: tensor for tensor in subject.message.input}
    for index, sample in _samples(subject):
        for name, spec in sorted(sample.inputs.items()):
            yield _Given(name, spec, ("model_warmup", index, "inputs", name), inputs.get(name))


def _fits(given: list[int], expected: list[int]) -> bool:
    """Tell whether dims are among those of an input, which may not be written yet."""
    same_rank = len(given) == len(expected)
    return not expected or (
        same_rank and all(b in {a, VARIABLE} for a, b in zip(given, expected, strict=True))
    )


def _bytes(spec: Any) -> int:  # noqa: ANN401  # protobuf's messages have no types of their own
    """Return the bytes of a tensor; 0 where its size does not follow from its dims."""
    dims = list(spec.dims[:_MOST_DIMS])
    return prod(dims) * _BYTES.get(type_name(spec), 0) if dims and min(dims) > 0 else 0


def _shown_dims(dims: Iterable[int]) -> str:
    return f"[{', '.join(str(size) for size in islice(dims, _MOST_DIMS))}]"
