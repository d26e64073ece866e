"""TR320, TR332 to TR337: the states that the server keeps for a sequence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from odahu_pack_triton.config import FieldPath
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import VARIABLE, backend_of, shown, type_name

_START: Final = 0
"""``Control.Kind`` of a sequence's first request."""


@rule("TR320", "state-backend", Severity.WARNING)
def state_backend(subject: Subject) -> Iterator[Fault]:
    """A Python model has states that the server keeps, which its backend cannot change.

    The backend hands the state to the model as an input, but never takes a new one: only those of ONNX
    Runtime, TensorRT and PyTorch do
    ([implicit_state_management.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/implicit_state_management.md)).
    Keep the state in the model, by the number of the sequence:

    ```proto
    sequence_batching {
      control_input { name: "ID" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 } }
    }
    ```
    """
    if backend_of(subject) == "python":
        for at, state in states(subject):
            text = f"{named(state)} never changes: the Python backend returns no states"
            yield Fault(text, at, "keep it in the model, by the number of the sequence")


@rule("TR332", "growable-state", Severity.ERROR)
def growable_state(subject: Subject) -> Iterator[Fault]:
    """A state of a sequence may grow, but has two buffers.

    Triton loads the model, cannot make the state, and hands requests to the model without it:
    `In order to 'use_growable_memory', you must also enable` the other
    ([sequence_state.cc](https://github.com/triton-inference-server/core/blob/main/src/sequence_state.cc)).
    Write, for a model on a GPU,

    ```proto
    state {
      input_name: "CACHE_IN" output_name: "CACHE_OUT" data_type: TYPE_FP32 dims: [ -1 ]
      use_same_buffer_for_input_output: true
      use_growable_memory: true
    }
    ```
    """
    for at, state in states(subject):
        if state.use_growable_memory and not state.use_same_buffer_for_input_output:
            hint = "add use_same_buffer_for_input_output: true"
            yield Fault(f"{named(state)} grows, but has two buffers", (*at, "use_growable_memory"), hint)


@rule("TR333", "state-without-input", Severity.ERROR)
def state_without_input(subject: Subject) -> Iterator[Fault]:
    """A state of a sequence has no input name.

    Triton loads the model, and the first request ends the server
    ([implicit_state_management.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/implicit_state_management.md)).
    Write the input by which the model gets the state:

    ```proto
    state { input_name: "SUM_IN" output_name: "SUM_OUT" data_type: TYPE_FP32 dims: [ 1 ] }
    ```
    """
    for at, state in states(subject):
        if not state.input_name:
            yield Fault("a state has no input_name", at, "write the input by which the model gets it")


@rule("TR334", "state-without-output", Severity.WARNING)
def state_without_output(subject: Subject) -> Iterator[Fault]:
    """A state of a sequence has no output name, so that it never changes.

    Triton loads the model
    ([implicit_state_management.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/implicit_state_management.md)).
    Write the output by which the model returns the state:

    ```proto
    state { input_name: "SUM_IN" output_name: "SUM_OUT" data_type: TYPE_FP32 dims: [ 1 ] }
    ```
    """
    for at, state in states(subject):
        if not state.output_name:
            yield Fault(f"{named(state)} has no output_name", at, "write the output by which it is returned")


@rule("TR335", "state-type-or-dims", Severity.ERROR)
def state_type_or_dims(subject: Subject) -> Iterator[Fault]:
    """A state of a sequence has no data type, or a dimension below -1.

    Triton loads the model, and each request fails: `Stub process is not healthy` with the Python backend
    ([implicit_state_management.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/implicit_state_management.md)).
    Write

    ```proto
    state { input_name: "SUM_IN" output_name: "SUM_OUT" data_type: TYPE_FP32 dims: [ -1 ] }
    ```
    """
    for at, state in states(subject):
        if not state.data_type:
            yield Fault(f"{named(state)} has no data_type", (*at, "data_type"))
        for index, size in enumerate(state.dims):
            if size < VARIABLE:
                yield Fault(f"{named(state)} has a dimension of {size}", (*at, "dims", index))


@rule("TR336", "state-named-twice", Severity.WARNING)
def state_named_twice(subject: Subject) -> Iterator[Fault]:
    """Two states of a sequence have the same input or output.

    Triton loads the model and says in its log, for each sequence, that it ignores one of the two
    ([sequence_state.cc](https://github.com/triton-inference-server/core/blob/main/src/sequence_state.cc)).
    Instead of

    ```proto
    state { input_name: "A" output_name: "B" data_type: TYPE_FP32 dims: [ 1 ] }
    state { input_name: "A" output_name: "C" data_type: TYPE_FP32 dims: [ 1 ] }
    ```

    give each names of its own.
    """
    met: set[tuple[str, str]] = set()
    for at, state in states(subject):
        for field in ("input_name", "output_name"):
            name = getattr(state, field)
            if name and (field, name) in met:
                yield Fault(f"a second state has the {field} {shown(name)}", (*at, field))
            met.add((field, name))


@rule("TR337", "state-without-beginning", Severity.WARNING)
def state_without_beginning(subject: Subject) -> Iterator[Fault]:
    """A state has no initial value, and the model is not told when a sequence begins.

    The state of a sequence's first request is then whatever was in memory
    ([implicit_state_management.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/implicit_state_management.md#state-initialization)).
    Write an initial state,

    ```proto
    state {
      input_name: "SUM_IN" output_name: "SUM_OUT" data_type: TYPE_FP32 dims: [ 1 ]
      initial_state { name: "zero" data_type: TYPE_FP32 dims: [ 1 ] zero_data: true }
    }
    ```

    or a control of the kind `CONTROL_SEQUENCE_START`, by which the model can tell.
    """
    controls = subject.message.sequence_batching.control_input
    if any(control.kind == _START for spec in controls for control in spec.control):
        return
    for at, state in states(subject):
        if not state.initial_state and type_name(state) != "TYPE_STRING":
            text = f"{named(state)} begins with whatever is in memory"
            yield Fault(text, at, "write initial_state, or a control of CONTROL_SEQUENCE_START")


def states(subject: Subject) -> Iterator[tuple[FieldPath, Any]]:
    """Yield the states of a model of sequences with the ways to them."""
    for index, state in enumerate(subject.message.sequence_batching.state):
        yield ("sequence_batching", "state", index), state


def named(state: Any) -> str:  # noqa: ANN401  # protobuf's messages have no types of their own
    """Return what messages call a state."""
    return f"state {shown(state.input_name)}"
