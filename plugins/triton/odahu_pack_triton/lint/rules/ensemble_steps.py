"""TR345 to TR349, TR358 to TR360: the steps of an ensemble against the models that they run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from odahu_pack_triton.config import FieldPath
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .ensemble_graph import ready_steps, steps
from .ensemble_models import StepModels, steps_with_models
from .facts import near, shown
from .loaded import loaded_versions

_LATEST: Final = -1
_MOST_SHOWN: Final = 8
_FIRST_WITH_DECOUPLED: Final = "23.06"
"""From here on it is certain that steps may be decoupled, and how."""


@rule("TR345", "step-version", Severity.ERROR)
def step_version(subject: Subject) -> Iterator[Fault]:
    """A step of an ensemble asks for a version of its model that Triton will not load.

    Triton refuses the ensemble: `depends on 'scale' whose required version 0 is not loaded`. Without
    `model_version` the version asked for is 0, which no model has
    ([ensemble_models.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/ensemble_models.md)).
    The newest version is

    ```proto
    step { model_name: "scale" model_version: -1 }
    ```
    """
    models = StepModels(subject)
    for at, step in steps(subject):
        version, name = step.model_version, shown(step.model_name)
        if version < _LATEST or not version:
            written = f"model_version {version}" if version else "no model_version, which means version 0"
            yield _wrong_version(f"step {name} has {written}", at)
        model = models.get(step.model_name) if version > 0 else None
        loaded = loaded_versions(model.subject) if model else ()
        if model is not None and version not in loaded:
            known = ", ".join(map(str, loaded[-_MOST_SHOWN:])) or "none"
            yield _wrong_version(f"version {version} of {name} will not be loaded; loaded: {known}", at)


@rule("TR346", "step-model-missing", Severity.ERROR)
def step_model_missing(subject: Subject) -> Iterator[Fault]:
    """A step of an ensemble runs a model that the repository lacks.

    Triton refuses the ensemble: `contains models that are not available or ambiguous: scale`
    ([ensemble_models.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/ensemble_models.md)).
    Models of steps lie beside the ensemble, each in the folder of its name:

    ```proto
    step { model_name: "scale" model_version: -1 }
    ```
    """
    yield from _missing(subject) if subject.repository.whole else ()


@rule("TR347", "step-model-elsewhere", Severity.WARNING)
def step_model_elsewhere(subject: Subject) -> Iterator[Fault]:
    """A step of an ensemble runs a model that is not part of what is packaged.

    The artifact is one model's folder. In an image of its own the ensemble finds no other model, and Triton
    refuses it: `contains models that are not available or ambiguous: scale`
    ([ensemble_models.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/ensemble_models.md)).
    Package the repository, in which the ensemble's folder and those of its steps lie side by side:

    ```proto
    step { model_name: "scale" model_version: -1 }
    ```
    """
    yield from _missing(subject) if not subject.repository.whole else ()


@rule("TR348", "step-tensor-unknown", Severity.ERROR)
def step_tensor_unknown(subject: Subject) -> Iterator[Fault]:
    """A step of an ensemble maps a tensor that its model lacks.

    Triton refuses the ensemble: `ensemble tensor RAW is mapping to non-existing input x in model scale`
    ([ensemble_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/ensemble_scheduler/ensemble_utils.cc)).
    Keys are names of the model's tensors, values those of the ensemble's:

    ```proto
    step {
      model_name: "scale" model_version: -1
      input_map { key: "X" value: "RAW" }
      output_map { key: "Y" value: "SCALED" }
    }
    ```
    """
    for at, step, model in steps_with_models(subject):
        for kind in ("input", "output"):
            for key in getattr(step, f"{kind}_map") if model.knows_all(kind) else ():
                if (kind, key) not in model.specs:
                    text = f"model {shown(step.model_name)} has no {kind} {shown(key)}"
                    yield Fault(text, (*at, f"{kind}_map", key, "key"), near(key, model.names(kind)))


@rule("TR349", "step-input-unmapped", Severity.ERROR)
def step_input_unmapped(subject: Subject) -> Iterator[Fault]:
    """A step of an ensemble leaves out an input of its model.

    Triton refuses the ensemble: `input X in model scale is not mapped to any ensemble tensors`
    ([ensemble_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/ensemble_scheduler/ensemble_utils.cc)).
    Only inputs with `optional: true` may be left out:

    ```proto
    step {
      model_name: "scale" model_version: -1
      input_map { key: "X" value: "RAW" }
      input_map { key: "FACTOR" value: "FACTOR" }
    }
    ```
    """
    for at, step, model in steps_with_models(subject):
        if not step.input_map or any(("input", key) not in model.specs for key in step.input_map):
            continue  # faults of their own
        needed = (spec.name for spec in model.message.input if spec.name and not spec.optional)
        if name := next((name for name in needed if name not in step.input_map), ""):
            text = f"step {shown(step.model_name)} does not map the model's input {shown(name)}"
            yield Fault(text, (*at, "input_map"), "map it, or make it optional: true in the model")


@rule("TR358", "ensemble-batch-size", Severity.ERROR)
def ensemble_batch_size(subject: Subject) -> Iterator[Fault]:
    """An ensemble allows larger batches than the model of one of its steps.

    Triton refuses the ensemble: `allows maximum batch size 8, but it contains model scale which only allows
    maximum batch size to be 4`
    ([ensemble_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/ensemble_scheduler/ensemble_utils.cc)).
    Write the smallest of its steps' sizes; models without batches do not count:

    ```proto
    platform: "ensemble"
    max_batch_size: 4
    ```
    """
    largest = subject.message.max_batch_size
    for at, step, model in steps_with_models(subject):
        size = model.message.max_batch_size
        if 0 < size < largest:
            text = f"the ensemble allows batches of {largest}, but step {shown(step.model_name)} of {size}"
            yield Fault(text, (*at, "model_name"), f"write max_batch_size: {size}, or raise the step's")


@rule("TR359", "ensemble-of-itself", Severity.ERROR)
def ensemble_of_itself(subject: Subject) -> Iterator[Fault]:
    """An ensemble runs itself, directly or by another ensemble.

    Triton refuses it: `circular dependency between ensembles: outer -> ... -> inner -> outer`
    ([model_repository_manager.cc](https://github.com/triton-inference-server/core/blob/main/src/model_repository_manager/model_repository_manager.cc)).
    Instead of

    ```proto
    name: "outer"
    ensemble_scheduling { step { model_name: "outer" model_version: -1 } }
    ```

    name the models that do the work.
    """
    own, models = subject.folder.name, StepModels(subject)
    names = {step.model_name for _, step in steps(subject)}
    back = {name for name in names if models.reaches(name, own)}
    for at, step in steps(subject):
        if step.model_name in back:
            text = f"step {shown(step.model_name)} runs the ensemble {shown(own)} again"
            yield Fault(text, (*at, "model_name"))


@rule("TR360", "ensemble-joins-decoupled", Severity.ERROR)
def ensemble_joins_decoupled(subject: Subject) -> Iterator[Fault]:
    """A step of an ensemble takes tensors that come of different decoupled steps, or of one and of none.

    A decoupled model may give any number of responses, so that nobody knows which belong together; Triton
    refuses the ensemble: `receives inputs originated from different decoupled models`
    ([ensemble_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/ensemble_scheduler/ensemble_utils.cc)).
    Let each step take tensors of one decoupled step only, or of none; the models of the steps say

    ```proto
    model_transaction_policy { decoupled: true }
    ```
    """
    if subject.release.version < _FIRST_WITH_DECOUPLED:
        return
    models = StepModels(subject)
    origins = {spec.name: 0 for spec in subject.message.input}
    for place, (at, step) in enumerate(ready_steps(subject), start=1):
        taken = {origins[name] for name in step.input_map.values()}
        if len(taken) > 1:
            name = shown(step.model_name)
            text = f"step {name} takes tensors that come of different decoupled steps, or of one and of none"
            yield Fault(text, (*at, "input_map"))
            return
        model = models.get(step.model_name)
        decoupled = model is not None and model.message.model_transaction_policy.decoupled
        origin = place if decoupled else next(iter(taken), 0)
        origins.update(dict.fromkeys(step.output_map.values(), origin))


def _wrong_version(text: str, at: FieldPath) -> Fault:
    return Fault(text, (*at, "model_version"), "write model_version: -1 for the newest")


def _missing(subject: Subject) -> Iterator[Fault]:
    models = subject.repository.models
    for at, step in steps(subject):
        name = step.model_name
        if name and name not in models and name != subject.folder.name:
            others = [other for other in models if other != subject.folder.name]
            yield Fault(
                f"step runs {shown(name)}, which is not there", (*at, "model_name"), near(name, others)
            )
