"""TR350 to TR355: the tensors between the steps of an ensemble."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .ensemble_graph import ready_steps, steps, written
from .facts import near, shown


@rule("TR350", "ensemble-input-unused", Severity.ERROR)
def ensemble_input_unused(subject: Subject) -> Iterator[Fault]:
    """No step takes an input of the ensemble.

    Triton refuses the ensemble: `ensemble input 'RAW' for ensemble … is not used`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Give it to a step, or leave it out:

    ```proto
    input { name: "RAW" data_type: TYPE_FP32 dims: [ 4 ] }
    ensemble_scheduling { step { model_name: "scale" input_map { key: "X" value: "RAW" } } }
    ```
    """
    read = {name: None for _, step in steps(subject) for name in step.input_map.values()}
    given = written(subject)
    for index, spec in enumerate(subject.message.input if read else ()):
        if spec.name and spec.name not in read and spec.name not in given:
            text = f"no step takes the ensemble's input {shown(spec.name)}"
            yield Fault(text, ("input", index, "name"), _suggestion(spec.name, read))


@rule("TR351", "ensemble-tensor-unwritten", Severity.ERROR)
def ensemble_tensor_unwritten(subject: Subject) -> Iterator[Fault]:
    """A step takes, or the ensemble returns, a tensor that nothing gives.

    Triton refuses the ensemble:
    `output 'SCORE' for ensemble … is not written`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    The values of `input_map` are inputs of the ensemble, or values of some step's `output_map`:

    ```proto
    step { model_name: "scale" output_map { key: "Y" value: "SCALED" } }
    step { model_name: "score" input_map { key: "X" value: "SCALED" } }
    ```
    """
    given = {spec.name: None for spec in subject.message.input} | dict.fromkeys(written(subject))
    for at, step in steps(subject):
        for key, name in step.input_map.items():
            if name not in given:
                text = f"nothing gives the tensor {shown(name)} that a step takes as {shown(key)}"
                yield Fault(text, (*at, "input_map", key, "value"), near(name, given))
    for index, spec in enumerate(subject.message.output if subject.message.ensemble_scheduling.step else ()):
        if spec.name and spec.name not in given:
            text = f"no step gives the ensemble's output {shown(spec.name)}"
            yield Fault(text, ("output", index, "name"), near(spec.name, given))


@rule("TR352", "ensemble-tensor-unused", Severity.ERROR)
def ensemble_tensor_unused(subject: Subject) -> Iterator[Fault]:
    """A step gives a tensor that no step takes and the ensemble does not return.

    Triton refuses the ensemble: `ensemble tensor 'REST' is unused in ensemble`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Outputs of a model that nobody needs are left out of `output_map`:

    ```proto
    step { model_name: "split" output_map { key: "FIRST" value: "HALF" } }
    ```
    """
    given = {spec.name for spec in subject.message.input} | set(written(subject))
    used = {name: None for _, step in steps(subject) for name in step.input_map.values()}
    if not given.issuperset(used):
        return  # a fault of its own, which is likely to be the other side of this one
    used |= {spec.name: None for spec in subject.message.output}
    for name, at in written(subject).items():
        if name not in used:
            text = f"nothing takes the tensor {shown(name)} that a step gives"
            yield Fault(text, at, f"leave it out of output_map, or use it; {near(name, used)}".rstrip("; "))


@rule("TR353", "ensemble-tensor-written-twice", Severity.ERROR)
def ensemble_tensor_written_twice(subject: Subject) -> Iterator[Fault]:
    """Two outputs of steps go to the same tensor.

    Triton refuses the ensemble: `ensemble tensor 'SCORE' can appear in an output map only once`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Give each a name of its own:

    ```proto
    step { model_name: "first" output_map { key: "Y" value: "SCORE_1" } }
    step { model_name: "second" output_map { key: "Y" value: "SCORE_2" } }
    ```
    """
    first = written(subject)
    for at, step in steps(subject):
        for key, name in step.output_map.items():
            here = (*at, "output_map", key, "value")
            if first[name] != here:
                yield Fault(f"a second output goes to the tensor {shown(name)}", here)


@rule("TR354", "ensemble-input-written", Severity.ERROR)
def ensemble_input_written(subject: Subject) -> Iterator[Fault]:
    """A step gives a tensor that is already an input of the ensemble.

    Triton 24.10 loads the ensemble, and its requests are never answered. Give the step's output a name of
    its own:

    ```proto
    input { name: "RAW" data_type: TYPE_FP32 dims: [ 4 ] }
    ensemble_scheduling {
      step {
        model_name: "scale" model_version: -1
        input_map { key: "X" value: "RAW" }
        output_map { key: "Y" value: "SCALED" }
      }
    }
    ```
    """
    given = written(subject)
    for spec in subject.message.input:
        if spec.name in given:
            yield Fault(f"a step gives {shown(spec.name)}, an input of the ensemble", given[spec.name])


@rule("TR355", "ensemble-loop", Severity.ERROR)
def ensemble_loop(subject: Subject) -> Iterator[Fault]:
    """Steps of an ensemble wait for each other.

    Triton refuses the ensemble: `output 'SCORE' for ensemble … is not written`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    The order in which steps are written does not matter, but none may take what comes of its own outputs:

    ```proto
    step { model_name: "a" input_map { key: "X" value: "B_OUT" } output_map { key: "Y" value: "A_OUT" } }
    step { model_name: "b" input_map { key: "X" value: "A_OUT" } output_map { key: "Y" value: "B_OUT" } }
    ```

    A model with a loop is written as a Python model that calls the others.
    """
    given = {spec.name for spec in subject.message.input} | set(written(subject))
    if not given.issuperset(name for _, step in steps(subject) for name in step.input_map.values()):
        return  # a fault of its own
    ready = {at for at, _ in ready_steps(subject)}
    for at, step in steps(subject):
        if at not in ready:
            yield Fault(f"step {shown(step.model_name)} waits for what comes of its own outputs", at)
            return


def _suggestion(name: str, known: Mapping[str, None]) -> str:
    suggested = near(name, known)
    return suggested if suggested.startswith("did you mean") else "leave it out, or give it to a step"
