"""TR338, TR339: what a sequence's states begin with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, Final

from odahu_pack_triton.config import FieldPath
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import VARIABLE, shown, type_name
from .sequence_states import named, states

_FOLDER: Final = "initial_state"
_MOST_DIMS: Final = 32


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
    for at, state in states(subject):
        if len(state.initial_state) > 1:
            yield Fault(
                f"{named(state)} has {len(state.initial_state)} initial states", (*at, "initial_state", 1)
            )
        if state.initial_state and state.input_name in met:
            yield Fault(
                f"{named(state)} is there twice, with an initial state each", (*at, "initial_state", 0)
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
    for at, state in states(subject):
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
