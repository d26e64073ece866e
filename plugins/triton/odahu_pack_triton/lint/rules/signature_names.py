"""TR61x: the names of inputs and outputs against those in the model file, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule
from odahu_pack_triton.model_files import OpenVinoModel, TorchFile

from .compared import configured_inputs, model_sides
from .facts import near, shown, tensors
from .model_files import files_of

_MOST_SHOWN = 20
_TORCH_DICT = "Dict["


@rule("TR610", "input-not-in-model", Severity.ERROR)
def input_not_in_model(subject: Subject) -> Iterator[Fault]:
    """An input is configured that the model does not have.

    The ONNX Runtime and TensorFlow backends refuse the model: `unexpected inference input 'imge', allowed
    inputs are: image`
    ([model_config_utils](https://github.com/triton-inference-server/backend/blob/main/src/backend_common.cc)).
    Write the name as the model file has it; `odahuflowctl triton config` writes all of them.
    """
    yield from islice(_unknown_inputs(subject), _MOST_SHOWN)


def _unknown_inputs(subject: Subject) -> Iterator[Fault]:
    for side in model_sides(subject):
        known = [*side.inputs, *side.optional]
        for name, path in configured_inputs(subject):
            if name and name not in side.inputs and name not in side.optional:
                yield Fault(f"{side.path} has no input {shown(name)}; {near(name, known)}", path)


@rule("TR611", "output-not-in-model", Severity.ERROR)
def output_not_in_model(subject: Subject) -> Iterator[Fault]:
    """An output is configured that the model does not have.

    The ONNX Runtime and TensorFlow backends refuse the model: `unexpected inference output 'scores', allowed
    outputs are: score`
    ([backend_common.cc](https://github.com/triton-inference-server/backend/blob/main/src/backend_common.cc)).
    Write the name as the model file has it; outputs that nobody needs may be left out.
    """
    yield from islice(_unknown_outputs(subject), _MOST_SHOWN)


def _unknown_outputs(subject: Subject) -> Iterator[Fault]:
    for side in model_sides(subject):
        for index, spec in enumerate(subject.message.output):
            if side.outputs is not None and spec.name and spec.name not in side.outputs:
                message = f"{side.path} has no output {shown(spec.name)}; {near(spec.name, side.outputs)}"
                yield Fault(message, ("output", index, "name"))


@rule("TR612", "model-input-missing", Severity.ERROR)
def model_input_missing(subject: Subject) -> Iterator[Fault]:
    """The model has an input that is not configured, or only as an optional one.

    The backend counts and refuses the model: `configuration expects 1 inputs, model provides 2`
    ([onnxruntime.cc](https://github.com/triton-inference-server/onnxruntime_backend/blob/main/src/onnxruntime.cc)).
    An input that has a value of its own in the model counts only where it is not `optional: true`. Write all
    others:

    ```proto
    input { name: "input_ids" data_type: TYPE_INT64 dims: [ -1 ] }
    input { name: "attention_mask" data_type: TYPE_INT64 dims: [ -1 ] }
    ```
    """
    if not subject.message.input:
        return
    optional = {spec.name for spec in subject.message.input if spec.optional}
    given = {name for name, _ in configured_inputs(subject)} - optional
    for side in model_sides(subject):
        missing = [name for name in side.inputs if name not in given] if side.lists_inputs else []
        for name in missing[:_MOST_SHOWN]:
            how = "configured as optional" if name in optional else "not configured"
            yield Fault(f"{side.path} needs the input {shown(name)}, which is {how}", ("input",))
        for index, spec in enumerate(subject.message.input):
            if spec.name in side.optional and not spec.optional:
                message = f"{side.path} has a value for the input {shown(spec.name)}"
                yield Fault(message, ("input", index), "write optional: true, or leave the input out")


@rule("TR617", "torch-arguments-differ", Severity.ERROR)
def torch_arguments_differ(subject: Subject) -> Iterator[Fault]:
    """A TorchScript model takes another number of inputs than are configured.

    The PyTorch backend counts and refuses the model: `configuration expects 1 inputs, model provides 2`;
    older releases load it, and every request fails
    ([libtorch.cc](https://github.com/triton-inference-server/pytorch_backend/blob/main/src/libtorch.cc)).
    Write one input for each argument of `forward`, in its order:

    ```proto
    input { name: "INPUT__0" data_type: TYPE_FP32 dims: [ 3 ] }
    input { name: "INPUT__1" data_type: TYPE_FP32 dims: [ 1 ] }
    ```
    """
    if not subject.message.input:
        return
    count = len(list(configured_inputs(subject)))
    for file in files_of(subject):
        arguments = file.content.arguments if isinstance(file.content, TorchFile) else None
        if arguments is None or any(argument.type.startswith(_TORCH_DICT) for argument in arguments):
            continue
        if len(arguments) != count and not any(argument.has_default for argument in arguments):
            names = ", ".join(argument.name for argument in arguments[:_MOST_SHOWN]) or "nothing"
            message = f"{count} inputs are configured, but forward in {file.shown} takes {names}"
            yield Fault(message, ("input",), "write one input for each argument")


@rule("TR619", "openvino-tensor-unknown", Severity.ERROR)
def openvino_tensor_unknown(subject: Subject) -> Iterator[Fault]:
    """An input or output is configured that an OpenVINO model does not have.

    The OpenVINO backend refuses the model
    ([backend](https://github.com/triton-inference-server/openvino_backend)). A tensor of a model has the name
    of its layer and those of the `names` of its port in `model.xml`; write one of them.
    """
    yield from islice(_unknown_openvino_tensors(subject), _MOST_SHOWN)


def _unknown_openvino_tensors(subject: Subject) -> Iterator[Fault]:
    for file in files_of(subject):
        if not isinstance(file.content, OpenVinoModel):
            continue
        inputs, outputs = (
            {name for names in tensors_ for name in names if name}
            for tensors_ in (file.content.inputs, file.content.outputs)
        )
        known = {"input": inputs, "output": outputs}
        for tensor in tensors(subject.message):
            if tensor.spec.name and tensor.spec.name not in known[tensor.kind]:
                message = f"{file.shown} has no {tensor}; {near(tensor.spec.name, known[tensor.kind])}"
                yield Fault(message, tensor.at("name"))
