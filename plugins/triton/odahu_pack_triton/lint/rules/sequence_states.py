"""TR320, TR332 to TR339: the states that the server keeps for a sequence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, Final

from odahu_pack_triton.config import FieldPath
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import VARIABLE, backend_of, shown, type_name

_START: Final = 0
"""``Control.Kind`` of a sequence's first request."""
_FOLDER: Final = "initial_state"
_MOST_DIMS: Final = 32


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
        for at, state in _states(subject):
            text = f"{_named(state)} never changes: the Python backend returns no states"
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
    for at, state in _states(subject):
        if state.use_growable_memory and not state.use_same_buffer_for_input_output:
            hint = "add use_same_buffer_for_input_output: true"
            yield Fault(f"{_named(state)} grows, but has two buffers", (*at, "use_growable_memory"), hint)


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
    for at, state in _states(subject):
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
    for at, state in _states(subject):
        if not state.output_name:
            yield Fault(f"{_named(state)} has no output_name", at, "write the output by which it is returned")


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
    for at, state in _states(subject):
        if not state.data_type:
            yield Fault(f"{_named(state)} has no data_type", (*at, "data_type"))
        for index, size in enumerate(state.dims):
            if size < VARIABLE:
                yield Fault(f"{_named(state)} has a dimension of {size}", (*at, "dims", index))


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
    for at, state in _states(subject):
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
    for at, state in _states(subject):
        if not state.initial_state and type_name(state) != "TYPE_STRING":
            text = f"{_named(state)} begins with whatever is in memory"
            yield Fault(text, at, "write initial_state, or a control of CONTROL_SEQUENCE_START")


@rule("TR338", "initial-state", Severity.ERROR)
def initial_state(subject: Subject) -> Iterator[Fault]:
    """An initial state lacks something, is there twice, or does not fit its state.

    Triton refuses the model, such as `Field 'name' must be set when using initial_state`, or
    `'initial_state' dim for input name 'SUM_IN' doesn't match 'state' dim description`
    ([implicit_state_management.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/implicit_state_management.md#state-initialization)).
    It needs a name, the state's type, its dims without -1, and either zeros or a file below
    `initial_state/`:

    ```proto
    state {
      input_name: "SUM_IN" output_name: "SUM_OUT" data_type: TYPE_FP32 dims: [ -1 ]
      initial_state { name: "zero" data_type: TYPE_FP32 dims: [ 4 ] zero_data: true }
    }
    ```
    """
    met: set[str] = set()
    for at, state in _states(subject):
        if len(state.initial_state) > 1:
            yield Fault(
                f"{_named(state)} has {len(state.initial_state)} initial states", (*at, "initial_state", 1)
            )
        if state.initial_state and state.input_name in met:
            yield Fault(
                f"{_named(state)} is there twice, with an initial state each", (*at, "initial_state", 0)
            )
        met.update([state.input_name] if state.initial_state else [])
        for place, initial in enumerate(state.initial_state[:1]):
            there = (*at, "initial_state", place)
            for text, field in _initial_faults(state, initial):
                yield Fault(f"the initial state of {shown(state.input_name)} {text}", (*there, *field))


@rule("TR339", "initial-state-file", Severity.ERROR)
def initial_state_file(subject: Subject) -> Iterator[Fault]:
    """The file with an initial state is not there, or too short.

    Triton looks for it in the folder `initial_state` beside `config.pbtxt` and refuses the model:
    `failed to open text file for read`, or
    `initial_state setting expects 16 bytes, but the data provided … only has 4 bytes`
    ([implicit_state_management.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/implicit_state_management.md#state-initialization)).
    For `initial_state/sum` write

    ```proto
    initial_state { name: "sum" data_type: TYPE_FP32 dims: [ 4 ] data_file: "sum" }
    ```
    """
    for at, state in _states(subject):
        for place, initial in enumerate(state.initial_state):
            if initial.HasField("data_file"):
                there = (*at, "initial_state", place, "data_file")
                yield from _file_faults(subject, initial, there)


def _file_faults(subject: Subject, initial: Any, at: FieldPath) -> Iterator[Fault]:  # noqa: ANN401  # as below
    path = f"{_FOLDER}/{initial.data_file}"
    entry = subject.folder.entries.get(path)
    if entry is None or entry.is_folder:
        yield Fault(f"there is no file {shown(path)} in the model's folder", at)
        return
    needed = _bytes_of(initial)
    if not entry.link and needed is not None and entry.size < needed:
        yield Fault(f"{shown(path)} has {entry.size} bytes, but the initial state needs {needed}", at)


def _initial_faults(state: Any, initial: Any) -> Iterator[tuple[str, tuple[str, ...]]]:  # noqa: ANN401  # as below
    if not initial.name:
        yield "has no name", ()
    if initial.WhichOneof("state_data") is None:
        yield "has neither zero_data nor data_file", ()
    if initial.data_type != state.data_type:
        yield f"is {type_name(initial)}, but the state {type_name(state)}", ("data_type",)
    if len(initial.dims) != len(state.dims):
        yield f"has {len(initial.dims)} dims, but the state {len(state.dims)}", ("dims",)
    elif not _fits(initial.dims, state.dims):
        yield "has other dims than the state, or -1 among them", ("dims",)


def _fits(given: Sequence[int], expected: Sequence[int]) -> bool:
    """Tell whether known sizes are those of a state, each of which may be variable."""
    pairs = zip(given, expected, strict=True)
    return all(size != VARIABLE and wanted in {VARIABLE, size} for size, wanted in pairs)


def _bytes_of(initial: Any) -> int | None:  # noqa: ANN401  # protobuf's messages have no types of their own
    """Return how many bytes an initial state takes; None where that is not fixed."""
    type_ = type_name(initial).removeprefix("TYPE_")
    sizes = {"BOOL": 1, "BF16": 2} | {
        f"{kind}{bits}": bits // 8
        for kind, widths in (("INT", (8, 16, 32, 64)), ("UINT", (8, 16, 32, 64)), ("FP", (16, 32, 64)))
        for bits in widths
    }
    if type_ not in sizes or len(initial.dims) > _MOST_DIMS or any(size < 0 for size in initial.dims):
        return None
    return int(prod(initial.dims)) * sizes[type_]


def _states(subject: Subject) -> Iterator[tuple[FieldPath, Any]]:
    for index, state in enumerate(subject.message.sequence_batching.state):
        yield ("sequence_batching", "state", index), state


def _named(state: Any) -> str:  # noqa: ANN401  # as above
    return f"state {shown(state.input_name)}"
