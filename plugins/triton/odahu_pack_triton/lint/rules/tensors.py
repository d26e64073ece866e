"""TR20x: inputs and outputs, their names, types and dims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import ENSEMBLE, VARIABLE, backend_of, may_complete, shown, tensors


@rule("TR201", "tensor-without-name", Severity.ERROR)
def tensor_without_name(subject: Subject) -> Iterator[Fault]:
    """An input or output has no name.

    Triton refuses the model: `must specify 'name'`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Instead of

    ```proto
    input { data_type: TYPE_FP32 dims: [ 4 ] }
    ```

    write the name by which the model knows it:

    ```proto
    input { name: "features" data_type: TYPE_FP32 dims: [ 4 ] }
    ```
    """
    for tensor in tensors(subject.message):
        if not tensor.spec.name:
            yield Fault(f"{tensor} has no name", tensor.at("name"), 'write name: "…" as the model calls it')


@rule("TR202", "tensor-without-type", Severity.ERROR)
def tensor_without_type(subject: Subject) -> Iterator[Fault]:
    """An input or output has no data type.

    Triton refuses the model, `must specify 'data_type'`, unless its backend completes the configuration
    ([model_configuration.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#datatypes)).
    TorchScript, GraphDef and ensembles never do; a Python model does by `auto_complete_config`, from release
    22.06 on. Write the type, such as

    ```proto
    output { name: "label" data_type: TYPE_STRING dims: [ 1 ] }
    ```
    """
    if may_complete(subject):
        return
    for tensor in tensors(subject.message):
        if not tensor.spec.data_type:
            yield Fault(f"{tensor} has no data_type", tensor.at("data_type"), "write one, such as TYPE_FP32")


@rule("TR203", "tensor-without-dims", Severity.ERROR)
def tensor_without_dims(subject: Subject) -> Iterator[Fault]:
    """An input or output has no dims.

    Triton refuses the model, `must specify 'dims'`, unless its backend completes the configuration
    ([model_configuration.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#inputs-and-outputs)).
    An empty list counts as none. One number for each item of a batch is

    ```proto
    max_batch_size: 8
    input { name: "age" data_type: TYPE_FP32 dims: [ 1 ] reshape { shape: [ ] } }
    ```
    """
    if may_complete(subject):
        return
    scalar = "dims: [ 1 ] reshape { shape: [ ] }" if subject.message.max_batch_size > 0 else "dims: [ 1 ]"
    for tensor in tensors(subject.message):
        if not tensor.spec.dims:
            hint = f"write its sizes without the batch's; a single number is {scalar}"
            yield Fault(f"{tensor} has no dims", tensor.at("dims"), hint)


@rule("TR204", "dimension-out-of-range", Severity.ERROR)
def dimension_out_of_range(subject: Subject) -> Iterator[Fault]:
    """A dimension is neither positive nor -1.

    Triton refuses the model: `dimension must be integer >= 1, or -1 to indicate a variable-size dimension`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Instead of `dims: [ 0 ]` or `dims: [ -2 ]` write

    ```proto
    input { name: "tokens" data_type: TYPE_INT64 dims: [ -1 ] }
    ```
    """
    for tensor in tensors(subject.message):
        for index, size in enumerate(tensor.spec.dims):
            if size < 1 and size != VARIABLE:
                message = f"{tensor} has a dimension of {size}"
                yield Fault(message, tensor.at("dims", index), "write -1 for a size that varies")


@rule("TR205", "input-named-twice", Severity.ERROR)
def input_named_twice(subject: Subject) -> Iterator[Fault]:
    """Two inputs have the same name.

    Triton loads the model and then refuses every request, since no request can hold the same input twice:
    `expected 2 inputs but got 1 inputs`
    ([infer_request.cc](https://github.com/triton-inference-server/core/blob/main/src/infer_request.cc)).
    Instead of

    ```proto
    input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] }
    input { name: "x" data_type: TYPE_FP32 dims: [ 2 ] }
    ```

    give each the name by which the model knows it.
    """
    inputs = subject.message.input
    required = Counter(spec.name for spec in inputs if not spec.optional)
    met: set[str] = set()
    for index, spec in enumerate(inputs):
        if spec.name and spec.name in met and required[spec.name] > 1:
            yield Fault(f"a second input is called {shown(spec.name)}", ("input", index, "name"))
        met.add(spec.name)


@rule("TR206", "output-named-twice", Severity.WARNING)
def output_named_twice(subject: Subject) -> Iterator[Fault]:
    """Two outputs have the same name.

    Triton loads the model and keeps the first of the two
    ([model.cc](https://github.com/triton-inference-server/core/blob/main/src/model.cc)); data type and dims
    of the other count for nothing. Instead of

    ```proto
    output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }
    output { name: "y" data_type: TYPE_INT64 dims: [ 1 ] }
    ```

    give each the name by which the model knows it.
    """
    met: set[str] = set()
    for index, spec in enumerate(subject.message.output):
        if spec.name in met and spec.name:
            yield Fault(f"a second output is called {shown(spec.name)}", ("output", index, "name"))
        met.add(spec.name)


@rule("TR208", "output-labelled-twice", Severity.ERROR)
def output_labelled_twice(subject: Subject) -> Iterator[Fault]:
    """Two outputs of the same name have labels.

    Triton refuses the model: `multiple label files for 'y'`
    ([label_provider.cc](https://github.com/triton-inference-server/core/blob/main/src/label_provider.cc)).
    Instead of

    ```proto
    output { name: "y" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "old.txt" }
    output { name: "y" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "new.txt" }
    ```

    write the output once:

    ```proto
    output { name: "y" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "new.txt" }
    ```
    """
    labelled: set[str] = set()
    for index, spec in enumerate(subject.message.output):
        if spec.name in labelled and spec.label_filename:
            message = f"a second output {shown(spec.name)} has labels, {shown(spec.label_filename)}"
            yield Fault(message, ("output", index, "label_filename"))
        if spec.label_filename:
            labelled.add(spec.name)


@rule("TR207", "model-without-tensors", Severity.WARNING)
def model_without_tensors(subject: Subject) -> Iterator[Fault]:
    """A model has no inputs, or no outputs.

    Triton loads it, but refuses every request that gives an input (`expected 0 inputs`), and answers with
    nothing where no output is configured. Some backends complete the configuration
    ([model_configuration.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#auto-generated-model-configuration));
    a Python model does so by `auto_complete_config`, from release 22.06 on. Else write all tensors:

    ```proto
    input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }
    ```
    """
    if may_complete(subject) or backend_of(subject) in {ENSEMBLE, "pytorch"}:
        return  # ensembles and TorchScript: rules of their own
    for kind in ("input", "output"):
        if not getattr(subject.message, kind):
            yield Fault(
                f"the model has no {kind}s", (kind,), f"write {kind} {{ name: … data_type: … dims: … }}"
            )
