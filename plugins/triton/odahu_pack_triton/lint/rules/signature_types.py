"""TR61x: the types and shapes of inputs and outputs against those in the model file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule
from odahu_pack_triton.model_files import ModelFile, OnnxModel, TensorSignature, TorchFile
from odahu_pack_triton.model_files.onnx_runtime import FIRST_WITH_ONNX_SCALARS, LAST_WITHOUT_ONNX_SCALARS

from .compared import ModelSide, pairs
from .facts import VARIABLE, Tensor, shown, type_name
from .model_files import files_of

_TORCH_TAKES = ("Tensor", "List[")
_TORCH_DICT = "Dict["


@rule("TR613", "type-differs", Severity.ERROR)
def type_differs(subject: Subject) -> Iterator[Fault]:
    """An input or output has another data type in the model.

    The ONNX Runtime and TensorFlow backends refuse the model: `configuration expects datatype TYPE_FP32 for
    input 'x', model provides TYPE_INT64`
    ([onnxruntime.cc](https://github.com/triton-inference-server/onnxruntime_backend/blob/main/src/onnxruntime.cc)).
    Triton converts no types: write that of the model, and let clients send it.
    """
    for tensor, known, graph in pairs(subject):
        written = type_name(tensor.spec)
        if known.data_type and tensor.spec.data_type and written != known.data_type:
            message = f"{tensor} is {written}, but {known.data_type} in {graph.path}"
            yield Fault(message, tensor.at("data_type"), f"write data_type: {known.data_type}")


@rule("TR614", "dims-differ", Severity.ERROR)
def dims_differ(subject: Subject) -> Iterator[Fault]:
    """An input or output has other dimensions in the model.

    The backend refuses the model: `the model expects 4 dimensions (shape [-1,3,224,224]) but the model
    configuration specifies 3 dimensions`
    ([onnxruntime_utils.cc](https://github.com/triton-inference-server/onnxruntime_backend/blob/main/src/onnxruntime_utils.cc)).
    With `max_batch_size` above 0 the batch comes before `dims`; a size that the model fixes must be written
    as it is, not as -1. For a model of shape `[-1, 3, 224, 224]` write

    ```proto
    max_batch_size: 8
    input { name: "image" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] }
    ```
    """
    is_batched = subject.message.max_batch_size > 0
    ragged = {name for spec in subject.message.batch_output for name in spec.target_name}
    for tensor, known, graph in pairs(subject):
        if tensor.spec.name in ragged:
            continue
        expected = _expected_dims(tensor, known, graph, is_batched=is_batched)
        if expected is None:
            continue
        field_, dims = _written_dims(tensor)
        exact = graph.exact_outputs and tensor.kind == "output"
        if dims and not _fit(dims, expected, exact=exact):
            shape = _list(known.shape or ())
            message = (
                f"{tensor} has {field_.partition('.')[0]} {_list(dims)}, but shape {shape} in {graph.path}"
            )
            hint = _mend(field_, expected, has_batch=is_batched and dims == known.shape)
            yield Fault(message, tensor.at(*field_.split(".")), hint)


def _mend(field_: str, expected: tuple[int, ...], *, has_batch: bool) -> str:
    """Return what to write, and why where the size of the batch is written, too."""
    why = "; max_batch_size stands for the first size" if has_batch else ""
    return f"write {field_}: {_list(expected or (1,))}{why}"


def _expected_dims(
    tensor: Tensor, known: TensorSignature, graph: ModelSide, *, is_batched: bool
) -> tuple[int, ...] | None:
    """Return what dims should be; None where they are not compared, or another rule has its say."""
    shape = known.shape
    if shape is None or (tensor.kind == "input" and tensor.spec.allow_ragged_batch):
        return None
    if not shape:
        return () if graph.scalars_are_checked and not is_batched else None
    if not is_batched:
        return shape
    return shape[1:] if shape[0] == VARIABLE else None


def _written_dims(tensor: Tensor) -> tuple[str, tuple[int, ...]]:
    """Return the field that says what the model gets, and its value."""
    if tensor.spec.HasField("reshape"):
        return "reshape.shape", tuple(tensor.spec.reshape.shape)
    return "dims", tuple(tensor.spec.dims)


def _fit(dims: tuple[int, ...], expected: tuple[int, ...], *, exact: bool) -> bool:
    if not expected:
        return set(dims) == {1}
    return len(dims) == len(expected) and all(
        size == other or (other == VARIABLE and not exact) for size, other in zip(dims, expected, strict=True)
    )


def _list(sizes: Iterable[int]) -> str:
    listed = ", ".join(map(str, sizes))
    return f"[ {listed} ]" if listed else "[ ]"


@rule("TR615", "model-takes-no-batches", Severity.ERROR)
def model_takes_no_batches(subject: Subject) -> Iterator[Fault]:
    """A batch is configured, but the first dimension in the model does not vary.

    With `max_batch_size` above 0 the backend refuses the model: `for the model to support batching the shape
    should have at least 1 dimension and the first dimension must be -1`
    ([onnxruntime_utils.cc](https://github.com/triton-inference-server/onnxruntime_backend/blob/main/src/onnxruntime_utils.cc)).
    Export the model with a batch dimension that varies (`dynamic_axes={"image": {0: "batch"}}` of
    `torch.onnx.export`), or write

    ```proto
    max_batch_size: 0
    input { name: "image" data_type: TYPE_FP32 dims: [ 1, 3, 224, 224 ] }
    ```
    """
    if subject.message.max_batch_size <= 0:
        return
    for tensor, known, graph in pairs(subject):
        if known.shape and known.shape[0] != VARIABLE:
            message = (
                f"max_batch_size is {subject.message.max_batch_size}, but {tensor} has shape "
                f"{_list(known.shape)} in {graph.path}, which takes no batches"
            )
            yield Fault(
                message, ("max_batch_size",), "export with a batch dimension, or write 0 and all dims"
            )
            return


@rule("TR616", "type-cannot-be-served", Severity.ERROR)
def type_cannot_be_served(subject: Subject) -> Iterator[Fault]:
    """The model has an input or output of a type that its backend does not serve.

    ONNX Runtime's backend serves tensors only: `Unsupported ONNX Type 'ONNX_TYPE_SEQUENCE' for I/O
    'output_probability'`
    ([onnxruntime_utils.cc](https://github.com/triton-inference-server/onnxruntime_backend/blob/main/src/onnxruntime_utils.cc)),
    whether the output is configured or not. Classifiers of scikit-learn have such an output by default;
    export them with

    ```python
    convert_sklearn(model, initial_types=types, options={id(model): {"zipmap": False}})
    ```

    TorchScript models take tensors, lists, or one dictionary as arguments of `forward`.
    """
    for file in files_of(subject):
        if isinstance(file.content, OnnxModel):
            signature = file.content.signature
            for tensor in (*signature.inputs, *signature.outputs):
                if tensor.foreign:
                    message = (
                        f"{file.shown} has {shown(tensor.name)} as {tensor.foreign}, which is not served"
                    )
                    yield Fault(message, file=file.path)
        elif isinstance(file.content, TorchFile):
            yield from _foreign_arguments(file, file.content)


def _foreign_arguments(file: ModelFile, content: TorchFile) -> Iterator[Fault]:
    arguments = content.arguments or ()
    if len(arguments) == 1 and arguments[0].type.startswith(_TORCH_DICT):
        return
    for argument in arguments:
        if not argument.type.startswith(_TORCH_TAKES):
            message = f"{file.shown}: forward takes {shown(argument.name)} as {shown(argument.type)}"
            yield Fault(f"{message}, which is not served", file=file.path)


@rule("TR618", "scalar-not-served", Severity.ERROR)
def scalar_not_served(subject: Subject) -> Iterator[Fault]:
    """An ONNX model has a scalar, which the release does not serve.

    Triton has no shape without dimensions. ONNX Runtime's backend takes `dims: [ 1 ]` for a scalar from
    release 23.10 on ([pull
    request](https://github.com/triton-inference-server/onnxruntime_backend/pull/213)); before, no dims fit,
    and it refuses the model. Choose a newer release, or give the tensor a dimension in the model.
    """
    if subject.release.version > LAST_WITHOUT_ONNX_SCALARS:
        return
    for tensor, known, side in pairs(subject):
        if side.scalars_are_checked and known.shape == ():
            message = (
                f"{tensor} is a scalar in {side.path}, which Triton {subject.release.version} does not serve"
            )
            hint = f"choose triton_base_image_tag {FIRST_WITH_ONNX_SCALARS}-py3 or newer"
            yield Fault(message, tensor.at(), hint)
