"""TR31x: tensors that the backend makes of a batch, and takes apart again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import may_complete, near, shown, type_name

_TYPES: Final = frozenset({"TYPE_INT32", "TYPE_FP32"})


@rule("TR311", "batch-source-count", Severity.ERROR)
def batch_source_count(subject: Subject) -> Iterator[Fault]:
    """A batch input or batch output has not exactly one source input.

    Triton refuses the model: `batch input kind 'BATCH_ELEMENT_COUNT' expects 1 source input, got 2`
    ([ragged_batching.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/ragged_batching.md#batch-input)).
    Write

    ```proto
    batch_input {
      kind: BATCH_ELEMENT_COUNT target_name: "count" data_type: TYPE_FP32 source_input: "words"
    }
    ```
    """
    for kind in ("batch_input", "batch_output"):
        for index, spec in enumerate(getattr(subject.message, kind)):
            if len(spec.source_input) != 1:
                message = f"a {kind} has {len(spec.source_input)} source inputs in place of one"
                yield Fault(message, (kind, index, "source_input"))


@rule("TR312", "batch-input-type", Severity.ERROR)
def batch_input_type(subject: Subject) -> Iterator[Fault]:
    """A batch input is neither of type INT32 nor FP32.

    Triton refuses the model: `batch input data type must be TYPE_INT32 or TYPE_FP32`
    ([model_config.proto](https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto)).
    Write

    ```proto
    batch_input {
      kind: BATCH_ELEMENT_COUNT target_name: "count" data_type: TYPE_INT32 source_input: "words"
    }
    ```
    """
    for index, spec in enumerate(subject.message.batch_input):
        if (type_ := type_name(spec)) not in _TYPES:
            written = f"of {type_}" if spec.data_type else "without data_type"
            at = ("batch_input", index, "data_type")
            yield Fault(f"a batch_input {written}", at, "write TYPE_INT32 or TYPE_FP32")


@rule("TR313", "batch-source-unknown", Severity.ERROR)
def batch_source_unknown(subject: Subject) -> Iterator[Fault]:
    """The source of a batch input or batch output is no input of the model.

    Triton refuses the model: `unknown source input name 'word'`
    ([ragged_batching.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/ragged_batching.md#batch-input)).
    Write the name of an input:

    ```proto
    input { name: "words" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true }
    batch_input {
      kind: BATCH_ELEMENT_COUNT target_name: "count" data_type: TYPE_FP32 source_input: "words"
    }
    ```
    """
    known = {spec.name: None for spec in subject.message.input}
    if not known and may_complete(subject):
        return
    for kind in ("batch_input", "batch_output"):
        for index, spec in enumerate(getattr(subject.message, kind)):
            for place, name in enumerate(spec.source_input):
                if name not in known:
                    message = f"the source of a {kind}, {shown(name)}, is no input"
                    yield Fault(message, (kind, index, "source_input", place), near(name, known))


@rule("TR314", "batch-target-unknown", Severity.ERROR)
def batch_target_unknown(subject: Subject) -> Iterator[Fault]:
    """The target of a batch output is no output of the model.

    Triton refuses the model: `unknown target output name 'score'`
    ([ragged_batching.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/ragged_batching.md#batch-output)).
    Write the name of an output:

    ```proto
    output { name: "scores" data_type: TYPE_FP32 dims: [ -1 ] }
    batch_output { kind: BATCH_SCATTER_WITH_INPUT_SHAPE target_name: "scores" source_input: "words" }
    ```
    """
    known = {spec.name: None for spec in subject.message.output}
    if not known and may_complete(subject):
        return
    for index, spec in enumerate(subject.message.batch_output):
        for place, name in enumerate(spec.target_name):
            if name not in known:
                message = f"the target of a batch_output, {shown(name)}, is no output"
                yield Fault(message, ("batch_output", index, "target_name", place), near(name, known))


@rule("TR315", "batch-target-twice", Severity.ERROR)
def batch_target_twice(subject: Subject) -> Iterator[Fault]:
    """A batch output names a target twice.

    Triton refuses the model: `target output name 'scores' can only be specified once`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Instead of `target_name: [ "scores", "scores" ]` write

    ```proto
    batch_output { kind: BATCH_SCATTER_WITH_INPUT_SHAPE target_name: "scores" source_input: "words" }
    ```
    """
    for index, spec in enumerate(subject.message.batch_output):
        met: set[str] = set()
        for place, name in enumerate(spec.target_name):
            if name in met:
                at = ("batch_output", index, "target_name", place)
                yield Fault(f"a batch_output has the target {shown(name)} twice", at)
            met.add(name)


@rule("TR316", "batch-input-without-target", Severity.WARNING)
def batch_input_without_target(subject: Subject) -> Iterator[Fault]:
    """A batch input has no target, so that no model gets to see it.

    Triton loads the model, and the backend adds no tensor
    ([ragged_batching.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/ragged_batching.md#batch-input)).
    Write the input by which the model knows it; it is not among `input`:

    ```proto
    batch_input {
      kind: BATCH_ELEMENT_COUNT target_name: "count" data_type: TYPE_FP32 source_input: "words"
    }
    ```
    """
    for index, spec in enumerate(subject.message.batch_input):
        if not spec.target_name:
            hint = 'write target_name: "…" as the model calls it'
            yield Fault("a batch_input has no target_name", ("batch_input", index), hint)


@rule("TR317", "batch-output-without-target", Severity.ERROR)
def batch_output_without_target(subject: Subject) -> Iterator[Fault]:
    """A batch output has no target.

    The whole server ends when the model is loaded: the backend looks for the first target, and there is none
    ([ragged_batching.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/ragged_batching.md#batch-output)).
    Write the output that is to be taken apart:

    ```proto
    batch_output { kind: BATCH_SCATTER_WITH_INPUT_SHAPE target_name: "scores" source_input: "words" }
    ```
    """
    for index, spec in enumerate(subject.message.batch_output):
        if not spec.target_name:
            hint = 'write target_name: "…", the name of an output'
            yield Fault("a batch_output has no target_name", ("batch_output", index), hint)
