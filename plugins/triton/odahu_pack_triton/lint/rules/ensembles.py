"""TR340 to TR344: ensembles as such."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .ensemble_graph import steps
from .facts import ENSEMBLE, shown

_REFUSED: Final = ("instance_group", "optimization", "model_warmup")


@rule("TR340", "ensemble-without-scheduling", Severity.ERROR)
def ensemble_without_scheduling(subject: Subject) -> Iterator[Fault]:
    """An ensemble says nothing of its steps.

    Triton refuses the model: `ensemble scheduling must be set for ensemble … whose platform is ensemble`
    ([ensemble_models.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/ensemble_models.md)).
    Write

    ```proto
    platform: "ensemble"
    ensemble_scheduling {
      step {
        model_name: "scale" model_version: -1
        input_map { key: "X" value: "RAW" }
        output_map { key: "Y" value: "SCALED" }
      }
    }
    ```
    """
    message = subject.message
    if message.platform == ENSEMBLE and not message.HasField("ensemble_scheduling"):
        yield Fault("the ensemble has no ensemble_scheduling", ("platform",))


@rule("TR341", "scheduling-without-ensemble", Severity.ERROR)
def scheduling_without_ensemble(subject: Subject) -> Iterator[Fault]:
    """A model has the steps of an ensemble, but is none by its platform.

    Triton refuses the model: `ensemble scheduling cannot be set for model … whose platform is not ensemble`;
    it does so too where a backend is written
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Instead of `backend: "ensemble"` write

    ```proto
    platform: "ensemble"
    ```
    """
    message = subject.message
    if not message.HasField("ensemble_scheduling"):
        return
    if message.backend:
        text = f"an ensemble has no backend, but {shown(message.backend)} is written"
        yield Fault(text, ("backend",), 'write platform: "ensemble" in place of it')
    elif message.platform != ENSEMBLE:
        text = f"an ensemble's platform is 'ensemble', not {shown(message.platform)}"
        yield Fault(text, ("platform",) if message.platform else ("ensemble_scheduling",))


@rule("TR342", "ensemble-setting", Severity.ERROR)
def ensemble_setting(subject: Subject) -> Iterator[Fault]:
    """An ensemble has settings that only models with code of their own have.

    Triton refuses the model: `instance group should not be specified for ensemble`; so with `optimization`
    and `model_warmup`
    ([ensemble_models.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/ensemble_models.md)).
    Move them to the models of the steps:

    ```proto
    platform: "ensemble"
    instance_group { kind: KIND_CPU count: 2 }
    ```
    """
    message = subject.message
    if not message.HasField("ensemble_scheduling"):
        return
    given = {field.name for field, _ in message.ListFields()}
    for field in _REFUSED:
        if field in given:
            yield Fault(f"an ensemble has no {field}", (field,), "move it to the models of its steps")


@rule("TR343", "ensemble-without-steps", Severity.ERROR)
def ensemble_without_steps(subject: Subject) -> Iterator[Fault]:
    """An ensemble has no steps.

    Triton refuses the model: `must specify 'step' for ensemble`
    ([ensemble_models.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/ensemble_models.md)).
    Write at least one:

    ```proto
    ensemble_scheduling {
      step {
        model_name: "scale" model_version: -1
        input_map { key: "X" value: "RAW" }
        output_map { key: "Y" value: "SCALED" }
      }
    }
    ```
    """
    message = subject.message
    if message.HasField("ensemble_scheduling") and not message.ensemble_scheduling.step:
        yield Fault("the ensemble has no steps", ("ensemble_scheduling",))


@rule("TR344", "step-incomplete", Severity.ERROR)
def step_incomplete(subject: Subject) -> Iterator[Fault]:
    """A step of an ensemble names no model, takes nothing, or gives nothing.

    Triton refuses the ensemble: `must specify 'input_map' in step 0`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    The keys of both maps are tensors of the step's model, the values tensors of the ensemble:

    ```proto
    step {
      model_name: "scale" model_version: -1
      input_map { key: "X" value: "RAW" }
      output_map { key: "Y" value: "SCALED" }
    }
    ```
    """
    for at, step in steps(subject):
        for field in ("model_name", "input_map", "output_map"):
            if not getattr(step, field):
                yield Fault(f"a step has no {field}", at)
