"""TR21x: settings of inputs and outputs beyond name, type and dims, and batches among their dims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import VARIABLE, Tensor, backend_of, tensors, type_name

_IMAGE_RANK: Final = 3
_BATCHED_BY_SERVER: Final = frozenset({"onnxruntime", "python", "pytorch", "tensorflow", "tensorrt"})
"""Backends that batch nothing by themselves, as those of language models do."""
_CLASSIFIED: Final = frozenset(
    {
        "TYPE_INVALID",
        *(f"TYPE_{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)),
        "TYPE_FP32",
        "TYPE_FP64",
    }
)


@rule("TR210", "image-format-rank", Severity.ERROR)
def image_format_rank(subject: Subject) -> Iterator[Fault]:
    """An input in an image format has not three dims.

    Triton refuses the model: `model input NHWC/NCHW require 3 dims`
    ([model_config.proto](https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto)).
    The batch dimension, N, is never among them:

    ```proto
    max_batch_size: 8
    input { name: "image" data_type: TYPE_FP32 format: FORMAT_NCHW dims: [ 3, 224, 224 ] }
    ```
    """
    for index, spec in enumerate(subject.message.input):
        if spec.format and len(spec.dims) != _IMAGE_RANK:
            tensor = Tensor("input", index, spec)
            hint = "write three dims, without the batch's, or leave format out"
            yield Fault(f"{tensor} is an image, but has {len(spec.dims)} dims", tensor.at("format"), hint)


@rule("TR211", "shape-tensor-backend", Severity.ERROR)
def shape_tensor_backend(subject: Subject) -> Iterator[Fault]:
    """A shape tensor is configured for another backend than TensorRT.

    Triton refuses the model: `shape tensors are only supported for TensorRT platform`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Leave it out:

    ```proto
    input { name: "x" data_type: TYPE_INT32 dims: [ 2 ] is_shape_tensor: true }
    ```
    """
    yield from _only_tensorrt(subject, "is_shape_tensor")


@rule("TR212", "non-linear-format", Severity.ERROR)
def non_linear_format(subject: Subject) -> Iterator[Fault]:
    """A non-linear format is configured for another backend than TensorRT, or without three dims.

    Triton refuses the model: `Non-linear IO format is only supported for the TensorRT platform`, or
    `requires 3 dims`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Leave it out, or write

    ```proto
    platform: "tensorrt_plan"
    input { name: "x" data_type: TYPE_FP16 dims: [ 8, 16, 16 ] is_non_linear_format_io: true }
    ```
    """
    yield from _only_tensorrt(subject, "is_non_linear_format_io")
    if backend_of(subject) != "tensorrt":
        return
    for tensor in tensors(subject.message):
        rank = len(tensor.spec.dims)
        if tensor.spec.is_non_linear_format_io and rank != _IMAGE_RANK:
            message = f"{tensor} has a non-linear format, but {rank} dims in place of 3"
            yield Fault(message, tensor.at("is_non_linear_format_io"))


def _only_tensorrt(subject: Subject, field: str) -> Iterator[Fault]:
    backend = backend_of(subject)
    if backend in {"", "tensorrt"}:
        return
    for tensor in tensors(subject.message):
        if getattr(tensor.spec, field):
            message = f"{tensor} says {field}, which is for TensorRT, not for {backend}"
            yield Fault(message, tensor.at(field), "leave it out")


@rule("TR213", "ragged-without-batches", Severity.WARNING)
def ragged_without_batches(subject: Subject) -> Iterator[Fault]:
    """An input may be ragged in a batch, but Triton makes no batches of requests.

    `allow_ragged_batch` lets the scheduler put requests of different shapes together
    ([ragged_batching.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/ragged_batching.md));
    without `max_batch_size` and a scheduler that batches, it has no effect. Write

    ```proto
    max_batch_size: 16
    dynamic_batching { }
    input { name: "words" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true }
    ```
    """
    message = subject.message
    batches = message.HasField("dynamic_batching") or message.HasField("sequence_batching")
    if backend_of(subject) not in _BATCHED_BY_SERVER or (batches and message.max_batch_size > 0):
        return
    reason = "there is no dynamic_batching" if message.max_batch_size > 0 else "max_batch_size is 0"
    for index, spec in enumerate(message.input):
        if spec.allow_ragged_batch:
            tensor = Tensor("input", index, spec)
            yield Fault(f"{tensor} may be ragged, but {reason}", tensor.at("allow_ragged_batch"))


@rule("TR214", "labels-unused", Severity.WARNING)
def labels_unused(subject: Subject) -> Iterator[Fault]:
    """An output has labels, but Triton classifies no values of its type.

    A request for classes of such an output fails:
    `class result not available for output due to unsupported type`
    ([extension_classification.md](https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_classification.md)).
    Triton classifies integers, `TYPE_FP32` and `TYPE_FP64`. Instead of

    ```proto
    output { name: "scores" data_type: TYPE_FP16 dims: [ 10 ] label_filename: "labels.txt" }
    ```

    return the scores as `TYPE_FP32`, or leave `label_filename` out.
    """
    for index, spec in enumerate(subject.message.output):
        type_ = type_name(spec)
        if spec.label_filename and type_ not in _CLASSIFIED:
            tensor = Tensor("output", index, spec)
            message = f"{tensor} has labels, but is {type_}, of which Triton makes no classes"
            yield Fault(message, tensor.at("label_filename"))


@rule("TR215", "python-bfloat16", Severity.WARNING)
def python_bfloat16(subject: Subject) -> Iterator[Fault]:
    """A Python model has a tensor of type BF16, which NumPy lacks.

    Triton loads the model; `as_numpy()` and `triton_string_to_numpy("TYPE_BF16")` fail in each request, and
    HTTP takes such values in binary form only
    ([python_backend](https://github.com/triton-inference-server/python_backend#input-tensor-device-placement)).
    Only models that exchange such tensors by DLPack can work. Else write

    ```proto
    input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] }
    ```
    """
    if backend_of(subject) != "python":
        return
    for tensor in tensors(subject.message):
        if type_name(tensor.spec) == "TYPE_BF16":
            message = f"{tensor} is TYPE_BF16, which NumPy lacks"
            hint = "take TYPE_FP32, unless the model uses DLPack"
            yield Fault(message, tensor.at("data_type"), hint)


@rule("TR216", "batch-dimension-twice", Severity.WARNING)
def batch_dimension_twice(subject: Subject) -> Iterator[Fault]:
    """The batch dimension seems to be among the dims, although max_batch_size is set.

    With `max_batch_size` above 0, Triton puts the batch dimension in front of each tensor's dims by itself
    ([model_configuration.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#maximum-batch-size)).
    A request of shape `[2, 3]` is then refused: `Expected [-1,-1,3], got [2,3]`. Instead of

    ```proto
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ -1, 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ -1, 1 ] }
    ```

    write `dims: [ 3 ]` and `dims: [ 1 ]`, or `max_batch_size: 0` where the model does without batches. Where
    the first dimension is another one, such as time, switch this rule off for the model.
    """
    message = subject.message
    found = list(tensors(message))
    shapes = [tensor.spec.dims for tensor in found]
    # Where the model's file says its shapes, it is the better witness.
    speaks = backend_of(subject) == "onnxruntime"
    if speaks or message.max_batch_size < 1 or not message.input or not message.output:
        return
    if _is_batch(shapes, message.max_batch_size) and not any(t.spec.HasField("reshape") for t in found):
        size, first = message.max_batch_size, shapes[0][0]
        text = f"all tensors begin with a dimension of {first}, although max_batch_size is {size}"
        yield Fault(text, found[0].at("dims", 0), "leave the batch dimension out of dims; Triton adds it")


def _is_batch(shapes: Sequence[Sequence[int]], max_batch_size: int) -> bool:
    """Tell whether the first dimension of all shapes looks like that of a batch."""
    if any(len(shape) <= 1 for shape in shapes):
        return False
    if all(shape[0] == VARIABLE for shape in shapes):
        return not any(VARIABLE in shape[1:] for shape in shapes)
    return max_batch_size > 1 and all(shape[0] == max_batch_size for shape in shapes)
