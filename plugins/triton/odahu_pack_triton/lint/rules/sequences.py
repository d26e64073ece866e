"""TR321 to TR327: the controls by which the server tells a model of its sequences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from odahu_pack_triton.config import FieldPath
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import shown, type_name

_CORRELATION: Final = 3
"""``Control.Kind`` of the number of the sequence; all others are true or false."""
_FLAGS: Final = ("int32_false_true", "fp32_false_true", "bool_false_true")
_CORRELATION_TYPES: Final = frozenset(
    {"TYPE_UINT64", "TYPE_INT64", "TYPE_UINT32", "TYPE_INT32", "TYPE_STRING"}
)
_PAIR: Final = 2

_Control = tuple[FieldPath, Any]


@rule("TR321", "control-without-name", Severity.ERROR)
def control_without_name(subject: Subject) -> Iterator[Fault]:
    """A control input of a sequence has no name.

    Triton refuses the model: `sequence batching control tensor must have a name`
    ([model_execution.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_execution.md#control-inputs)).
    Write

    ```proto
    control_input { name: "START" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
    ```
    """
    for index, spec in enumerate(subject.message.sequence_batching.control_input):
        if not spec.name:
            yield Fault("a control_input has no name", ("sequence_batching", "control_input", index))


@rule("TR322", "control-named-twice", Severity.ERROR)
def control_named_twice(subject: Subject) -> Iterator[Fault]:
    """Two control inputs of a sequence have the same name.

    Triton refuses the model:
    `sequence batching control tensor 'START' is specified for multiple control kinds`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Each is an input of the model and has a name of its own:

    ```proto
    control_input { name: "START" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
    control_input { name: "END" control { kind: CONTROL_SEQUENCE_END fp32_false_true: [ 0, 1 ] } }
    ```
    """
    met: set[str] = set()
    for index, spec in enumerate(subject.message.sequence_batching.control_input):
        if spec.name and spec.name in met:
            at = ("sequence_batching", "control_input", index, "name")
            yield Fault(f"a second control_input is called {shown(spec.name)}", at)
        met.add(spec.name)


@rule("TR323", "control-kind-twice", Severity.ERROR)
def control_kind_twice(subject: Subject) -> Iterator[Fault]:
    """A control of a sequence is there twice.

    Triton refuses the model: `sequence batching specifies multiple CONTROL_SEQUENCE_START tensors`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    A control goes to one input:

    ```proto
    control_input { name: "START" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
    ```
    """
    met: set[int] = set()
    for at, control in _controls(subject):
        if control.kind in met:
            yield Fault(f"{_kind(control)} is there a second time", (*at, "kind"))
        met.add(control.kind)


@rule("TR324", "control-values", Severity.ERROR)
def control_values(subject: Subject) -> Iterator[Fault]:
    """A control of a sequence has not exactly two values, or has them in two types.

    Triton refuses the model:
    `must specify either 'int32_false_true', 'fp32_false_true' or 'bool_false_true'`, or
    `must have exactly 2 entries`
    ([model_execution.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_execution.md#control-inputs)).
    Write what the model gets where the control is off, and where it is on:

    ```proto
    control_input { name: "END" control { kind: CONTROL_SEQUENCE_END int32_false_true: [ 0, 1 ] } }
    ```
    """
    for at, control in _controls(subject):
        given = [field for field in _FLAGS if getattr(control, field)]
        if control.kind == _CORRELATION:
            continue
        if len(given) != 1:
            text = f"has values of {len(given)} types" if given else "has no values"
            hint = "write one of int32_false_true, fp32_false_true, bool_false_true"
            yield Fault(f"{_kind(control)} {text}", (*at, *given[1:2]), hint)
        elif (count := len(getattr(control, given[0]))) != _PAIR:
            message = f"{given[0]} of {_kind(control)} has {count} values in place of two"
            yield Fault(message, (*at, given[0]), "write that for false and that for true")


@rule("TR325", "correlation-control", Severity.ERROR)
def correlation_control(subject: Subject) -> Iterator[Fault]:
    """The control with a sequence's number has no type for numbers, or values as if it were true or false.

    Triton refuses the model: `unexpected data type for control CONTROL_SEQUENCE_CORRID`
    ([model_execution.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_execution.md#control-inputs)).
    Write

    ```proto
    control_input { name: "ID" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 } }
    ```
    """
    for at, control in _controls(subject):
        if control.kind != _CORRELATION:
            continue
        if (type_ := type_name(control)) not in _CORRELATION_TYPES:
            written = f"is {type_}" if control.data_type else "has no data_type"
            hint = f"write one of {', '.join(sorted(_CORRELATION_TYPES))}"
            yield Fault(f"{_kind(control)} {written}", (*at, "data_type"), hint)
        for field in _FLAGS:
            if getattr(control, field):
                yield Fault(f"{_kind(control)} has {field}, but is a number", (*at, field), "leave it out")


@rule("TR326", "control-without-effect", Severity.WARNING)
def control_without_effect(subject: Subject) -> Iterator[Fault]:
    """A control input of a sequence never tells the model anything.

    Triton loads the model. An input without a control is not filled, and one with two equal values says the
    same whether the control is on or off
    ([model_execution.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_execution.md#control-inputs)).
    Write

    ```proto
    control_input { name: "START" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
    ```
    """
    for index, spec in enumerate(subject.message.sequence_batching.control_input):
        if not spec.control:
            text = f"control_input {shown(spec.name)} has no control"
            yield Fault(text, ("sequence_batching", "control_input", index))
    for at, control in _controls(subject):
        for field in _FLAGS:
            values = getattr(control, field)
            if len(values) == _PAIR and values[0] == values[1]:
                text = f"{_kind(control)} has the same value for false and for true"
                yield Fault(text, (*at, field), "write two different ones, such as [ 0, 1 ]")


@rule("TR327", "control-is-an-input", Severity.WARNING)
def control_is_an_input(subject: Subject) -> Iterator[Fault]:
    """A control or a state of a sequence is also written as an input.

    Then each request has to give a value, which the server replaces by its own before the model sees it
    ([sequence_batch_scheduler.cc](https://github.com/triton-inference-server/core/blob/main/src/sequence_batch_scheduler/sequence_batch_scheduler.cc)).
    Instead of

    ```proto
    input { name: "START" data_type: TYPE_FP32 dims: [ 1 ] }
    sequence_batching {
      control_input { name: "START" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } }
    }
    ```

    leave the `input` out; the model gets it nevertheless.
    """
    scheduling = subject.message.sequence_batching
    inputs = {spec.name for spec in subject.message.input if not spec.optional}
    names = [
        *((spec.name, "control_input", "name") for spec in scheduling.control_input),
        *((spec.input_name, "state", "input_name") for spec in scheduling.state),
    ]
    places = [*range(len(scheduling.control_input)), *range(len(scheduling.state))]
    for place, (name, kind, field) in zip(places, names, strict=True):
        if name in inputs:
            at = ("sequence_batching", kind, place, field)
            text = (
                f"{shown(name)} is filled by the server, but is also an input that each request has to give"
            )
            yield Fault(text, at, "leave it out of input")


def _controls(subject: Subject) -> Iterator[_Control]:
    for index, spec in enumerate(subject.message.sequence_batching.control_input):
        for place, control in enumerate(spec.control):
            yield ("sequence_batching", "control_input", index, "control", place), control


def _kind(control: Any) -> str:  # noqa: ANN401  # protobuf's messages have no types of their own
    value = control.DESCRIPTOR.fields_by_name["kind"].enum_type.values_by_number.get(control.kind)
    return str(value.name) if value else f"control {control.kind}"
