"""TR44x: optimization, response cache, metrics and repository agents."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from odahu_pack_triton.backends import CPU, GPU
from odahu_pack_triton.config import FieldPath
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import backend_of, near, shown
from .loaded import known_backend

_AGENTS: Final = frozenset({"checksum"})
_PRECISIONS: Final = frozenset({"FP32", "FP16", "INT8"})
_WITH_CUDA_GRAPHS: Final = frozenset({"", "tensorrt"})
_MOST_FAULTS: Final = 20


@rule("TR441", "unknown-accelerator", Severity.WARNING)
def unknown_accelerator(subject: Subject) -> Iterator[Fault]:
    """An execution accelerator has a name that the backend does not know.

    On a GPU the model fails to load, `unknown Execution Accelerator is requested`; on a CPU it is ignored
    ([optimization](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/optimization.md#framework-specific-optimization)).
    ONNX Runtime knows `tensorrt` and `cuda` on GPUs and `openvino` on CPUs, TensorFlow `tensorrt`,
    `auto_mixed_precision` and `gpu_io` on GPUs:

    ```proto
    optimization { execution_accelerators { gpu_execution_accelerator { name: "tensorrt" } } }
    ```
    """
    backend = known_backend(subject)
    if backend is None or backend.accelerators is None:
        return
    for field, at, accelerator in _accelerators(subject):
        known = backend.accelerators.get(field, frozenset())
        if accelerator.name not in known:
            where = "GPUs" if field == GPU else "CPUs"
            suggested = near(accelerator.name, known) or f"it knows none for {where}"
            reason = (
                f"{backend.title} knows no accelerator {shown(accelerator.name)} for {where}; {suggested}"
            )
            yield Fault(reason, (*at, "name"))


@rule("TR442", "accelerator-ignored", Severity.WARNING)
def accelerator_ignored(subject: Subject) -> Iterator[Fault]:
    """Execution accelerators are written for a backend that has none.

    Only ONNX Runtime and TensorFlow look at them
    ([optimization](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/optimization.md#framework-specific-optimization)).
    """
    backend = known_backend(subject)
    if backend is not None and backend.accelerators is None:
        for _, at, accelerator in islice(_accelerators(subject), 1):
            yield Fault(
                f"{backend.title} ignores the accelerator {shown(accelerator.name)}", at, "leave it out"
            )


@rule("TR443", "unknown-precision", Severity.WARNING)
def unknown_precision(subject: Subject) -> Iterator[Fault]:
    """`precision_mode` of an accelerator is none of the known ones.

    TensorRT within ONNX Runtime and TensorFlow computes in `FP32`, `FP16` or `INT8`
    ([optimization](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/optimization.md#onnx-with-tensorrt-optimization-ort-trt));
    with another word the model fails to load on a GPU.

    ```proto
    parameters { key: "precision_mode" value: "FP16" }
    ```
    """
    for _, at, accelerator in _accelerators(subject):
        mode = accelerator.parameters.get("precision_mode", "FP32")
        if accelerator.name == "tensorrt" and mode not in _PRECISIONS:
            reason = f"no precision_mode is called {shown(mode)}; {near(mode, _PRECISIONS)}"
            yield Fault(reason, (*at, "parameters", "precision_mode", "value"))


@rule("TR444", "cuda-graphs-ignored", Severity.WARNING)
def cuda_graphs_ignored(subject: Subject) -> Iterator[Fault]:
    """CUDA graphs are asked for with another backend than TensorRT.

    Only the TensorRT backend captures them
    ([model_config.proto](https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto));
    the others ignore

    ```proto
    optimization { cuda { graphs: true } }
    ```
    """
    backend, cuda = backend_of(subject), subject.message.optimization.cuda
    if (cuda.graphs or cuda.graph_spec) and backend not in _WITH_CUDA_GRAPHS:
        yield Fault(
            f"{shown(backend)} has no CUDA graphs", ("optimization", "cuda", "graphs"), "leave it out"
        )


@rule("TR445", "cache-of-decoupled", Severity.ERROR)
def cache_of_decoupled(subject: Subject) -> Iterator[Fault]:
    """The response cache is enabled for a decoupled model.

    A decoupled model may give any number of responses to a request, and Triton refuses the model:
    `Response Cache does not currently support model`
    ([response cache](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/response_cache.md)).
    Leave it out:

    ```proto
    response_cache { enable: true }
    ```
    """
    message = subject.message
    if message.response_cache.enable and message.model_transaction_policy.decoupled:
        at = ("response_cache", "enable")
        yield Fault("the responses of a decoupled model cannot be cached", at, "leave response_cache out")


@rule("TR446", "metric-control-incomplete", Severity.ERROR)
def metric_control_incomplete(subject: Subject) -> Iterator[Fault]:
    """A metric control does not say which metric it is for, or has no buckets.

    Triton refuses the model: `metric control must specify 'metric_identifier'`, or
    `histogram options must specify non-empty 'buckets'`
    ([histograms](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md#histograms)).

    ```proto
    model_metrics {
      metric_control {
        metric_identifier { family: "nv_inference_first_response_histogram_ms" }
        histogram_options { buckets: [ 10, 100, 1000 ] }
      }
    }
    ```
    """
    for index, control in enumerate(subject.message.model_metrics.metric_control):
        at = ("model_metrics", "metric_control", index)
        if not control.metric_identifier.family:
            yield Fault("a metric control names no family", (*at, "metric_identifier", "family"))
        if not control.histogram_options.buckets:
            yield Fault("a metric control has no buckets", (*at, "histogram_options", "buckets"))


@rule("TR447", "unknown-agent", Severity.ERROR)
def unknown_agent(subject: Subject) -> Iterator[Fault]:
    """A repository agent is not in Triton's image.

    Triton refuses the model: `unable to find 'libtritonrepoagent_NAME.so'`
    ([repository agents](https://github.com/triton-inference-server/server/blob/main/docs/customization_guide/repository_agents.md)).
    The image has one agent:

    ```proto
    model_repository_agents { agents { name: "checksum" } }
    ```
    """
    agents = enumerate(subject.message.model_repository_agents.agents)
    strangers = ((index, agent.name) for index, agent in agents if agent.name not in _AGENTS)
    for index, name in islice(strangers, _MOST_FAULTS):
        at = ("model_repository_agents", "agents", index, "name")
        yield Fault(f"Triton's image has no repository agent {shown(name)}; {near(name, _AGENTS)}", at)


@rule("TR448", "no-agents", Severity.ERROR)
def no_agents(subject: Subject) -> Iterator[Fault]:
    """`model_repository_agents` is written without any agent.

    Triton takes the last one of the list for granted, and ends while it loads the model
    ([model_repository_manager.cc](https://github.com/triton-inference-server/core/blob/main/src/model_repository_manager/model_repository_manager.cc)).
    Leave it out, or name one:

    ```proto
    model_repository_agents { agents { name: "checksum" } }
    ```
    """
    message = subject.message
    if message.HasField("model_repository_agents") and not message.model_repository_agents.agents:
        yield Fault("no agent is named", ("model_repository_agents",), "leave it out, or name one")


def _accelerators(subject: Subject) -> Iterator[tuple[str, FieldPath, Any]]:
    """Yield the accelerators with the field that they stand in and the way to them."""
    accelerators = subject.message.optimization.execution_accelerators
    for field in (GPU, CPU):
        for index, accelerator in enumerate(islice(getattr(accelerators, field), _MOST_FAULTS)):
            yield field, ("optimization", "execution_accelerators", field, index), accelerator
