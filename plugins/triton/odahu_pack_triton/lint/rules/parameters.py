"""TR46x: parameters that a backend reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import islice
from typing import Final

from odahu_pack_triton.config import ENVIRONMENT_PARAMETER
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import backend_of, shown

_CPU_ONLY: Final = "FORCE_CPU_ONLY_INPUT_TENSORS"
_FLAGS: Final[Mapping[str, frozenset[str]]] = {
    "pytorch": frozenset(
        {
            "DISABLE_CUDNN",
            "DISABLE_OPTIMIZED_EXECUTION",
            "ENABLE_CACHE_CLEANING",
            "ENABLE_JIT_EXECUTOR",
            "ENABLE_JIT_PROFILING",
            "ENABLE_WEIGHT_SHARING",
            "INFERENCE_MODE",
        }
    )
}
_NUMBERS: Final[Mapping[str, frozenset[str]]] = {
    "onnxruntime": frozenset({"execution_mode", "inter_op_thread_count", "intra_op_thread_count"}),
    "pytorch": frozenset({"INTER_OP_THREAD_COUNT", "INTRA_OP_THREAD_COUNT"}),
}
_OTHERS: Final[Mapping[str, frozenset[str]]] = {
    "onnxruntime": frozenset(
        {
            "arena_extend_strategy",
            "cudnn_conv_algo_search",
            "do_copy_in_default_stream",
            "enable_mem_arena",
            "enable_mem_pattern",
            "gpu_mem_limit",
            "memory.enable_memory_arena_shrinkage",
            "session.use_device_allocator_for_initializers",
        }
    ),
    "python": frozenset({ENVIRONMENT_PARAMETER, _CPU_ONLY}),
    "pytorch": frozenset({"ENABLE_NVFUSER", "ENABLE_TENSOR_FUSER"}),
    "tensorflow": frozenset(
        {
            "MAX_SESSION_SHARE_COUNT",
            "TF_GRAPH_TAG",
            "TF_INIT_OPS_FILE",
            "TF_NUM_INTER_THREADS",
            "TF_NUM_INTRA_THREADS",
            "TF_SIGNATURE_DEF",
            "TF_USE_PER_SESSION_THREADS",
        }
    ),
}
_TRUTHS: Final = frozenset({"true", "false", "on", "off", "1", "0"})
_NUMBER: Final = re.compile(r"\s*[+-]?[0-9]")
_ALIKE: Final = 0.83
_LONGEST: Final = 60
_MOST_PARAMETERS: Final = 50


@rule("TR461", "parameter-misspelt", Severity.WARNING)
def parameter_misspelt(subject: Subject) -> Iterator[Fault]:
    """A parameter is nearly called like one that the backend reads, so that it has no effect.

    Triton ignores parameters that nobody reads, and tells upper from lower case
    ([parameters](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#model-configuration)).
    Instead of

    ```proto
    parameters { key: "EXECUTION_ENV" value { string_value: "/opt/model" } }
    ```

    write `EXECUTION_ENV_PATH`.
    """
    known = _known(backend_of(subject))
    for key in islice(sorted(subject.message.parameters), _MOST_PARAMETERS):
        meant = "" if key in known else _meant(key, known)
        if meant and meant not in subject.message.parameters:
            at = ("parameters", key)
            yield Fault(f"nobody reads the parameter {shown(key)}", at, f"did you mean {meant!r}?")


@rule("TR462", "cpu-only-value", Severity.ERROR)
def cpu_only_value(subject: Subject) -> Iterator[Fault]:
    """`FORCE_CPU_ONLY_INPUT_TENSORS` is neither `yes` nor `no`.

    The Python backend takes these two words alone, in lower case, and refuses the model otherwise:
    `Incorrect value for FORCE_CPU_ONLY_INPUT_TENSORS`
    ([python_backend](https://github.com/triton-inference-server/python_backend#input-tensor-device-placement)).

    ```proto
    parameters { key: "FORCE_CPU_ONLY_INPUT_TENSORS" value { string_value: "no" } }
    ```
    """
    parameters = subject.message.parameters
    if backend_of(subject) != "python" or _CPU_ONLY not in parameters:
        return
    value = parameters[_CPU_ONLY].string_value
    if value not in {"yes", "no"}:
        yield Fault(
            f"{_CPU_ONLY} is {shown(value)}", ("parameters", _CPU_ONLY, "value"), 'write "yes" or "no"'
        )


@rule("TR463", "flag-value", Severity.ERROR)
def flag_value(subject: Subject) -> Iterator[Fault]:
    """A parameter that switches something on or off has neither `true` nor `false`.

    The backend cannot read it, and the model fails to load
    ([PyTorch backend](https://github.com/triton-inference-server/pytorch_backend#parameters)).

    ```proto
    parameters { key: "INFERENCE_MODE" value { string_value: "true" } }
    ```
    """
    flags = _FLAGS.get(backend_of(subject), frozenset())
    for key, value in _values(subject, flags):
        if value.casefold() not in _TRUTHS:
            yield Fault(f"{key} is {shown(value)}", ("parameters", key, "value"), 'write "true" or "false"')


@rule("TR464", "number-value", Severity.ERROR)
def number_value(subject: Subject) -> Iterator[Fault]:
    """A parameter that is a number has another value.

    The backend cannot read it, and the model fails to load
    ([ONNX Runtime backend](https://github.com/triton-inference-server/onnxruntime_backend#model-config-options),
    [PyTorch backend](https://github.com/triton-inference-server/pytorch_backend#parameters)).

    ```proto
    parameters { key: "intra_op_thread_count" value { string_value: "4" } }
    ```
    """
    for key, value in _values(subject, _NUMBERS.get(backend_of(subject), frozenset())):
        if value and not _NUMBER.match(value):
            yield Fault(f"{key} is {shown(value)}, not a number", ("parameters", key, "value"))


def _values(subject: Subject, keys: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield the parameters of some names, with their values; another runtime reads them in its own way."""
    parameters = subject.message.parameters
    if not subject.message.runtime:
        yield from ((key, parameters[key].string_value) for key in sorted(keys) if key in parameters)


def _known(backend: str) -> frozenset[str]:
    tables = (_FLAGS, _NUMBERS, _OTHERS)
    return frozenset[str]().union(*(table.get(backend, frozenset()) for table in tables))


def _meant(key: str, known: frozenset[str]) -> str:
    """Return the known parameter that a key comes very near to; models may have parameters of their own."""
    folded = key[:_LONGEST].upper()
    likeness = {name: SequenceMatcher(None, folded, name.upper()).ratio() for name in known}
    nearest = max(likeness, key=lambda name: (likeness[name], name), default="")
    return nearest if nearest and likeness[nearest] >= _ALIKE else ""
