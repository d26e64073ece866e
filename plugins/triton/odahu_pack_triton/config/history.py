"""Since which release of Triton the fields of its schema are known.

A release refuses a file with a field that it does not know, whatever the field's value.

Source: ``model_config_pb2`` of the wheels of tritonclient 2.4.0 to 2.73.0, one for each release, compared
with each other; no field was ever taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ADDED: Final[Mapping[str, tuple[str, ...]]] = {
    "20.11": (
        "ModelInstanceGroup.rate_limiter",
        "StrategyDirect.max_queue_delay_microseconds",
        "StrategyDirect.minimum_slot_utilization",
    ),
    "21.03": (
        "ModelConfig.model_repository_agents",
        "ModelOptimizationPolicy.eager_batching",
        "ModelOptimizationPolicy.gather_kernel_buffer_threshold",
        "Cuda.output_copy_stream",
    ),
    "21.06": (
        "ModelInstanceGroup.host_policy",
        "ModelInstanceGroup.passive",
        "ModelInstanceGroup.secondary_devices",
    ),
    "21.09": ("Control.bool_false_true",),
    "21.10": ("ModelConfig.response_cache",),
    "21.11": ("ModelSequenceBatching.state",),
    "22.01": ("ModelInput.optional", "State.initial_state"),
    "22.03": ("Kind.BATCH_ITEM_SHAPE", "Kind.BATCH_ITEM_SHAPE_FLATTEN"),
    "22.05": ("DataType.TYPE_BF16",),
    "22.07": ("ModelWarmup.count",),
    "23.03": ("Step.model_namespace",),
    "23.08": ("StrategyOldest.preserve_ordering",),
    "23.11": (
        "ModelSequenceBatching.iterative_sequence",
        "State.use_growable_memory",
        "State.use_same_buffer_for_input_output",
    ),
    "24.01": ("ModelConfig.runtime",),
    "24.08": ("ModelInput.is_non_linear_format_io", "ModelOutput.is_non_linear_format_io"),
    "24.11": ("ModelConfig.model_metrics",),
    "25.11": ("ModelEnsembling.max_inflight_requests",),
}

_SINCE: Final = {name: release for release, names in _ADDED.items() for name in names}


def first_release(owner: str, name: str) -> str:
    """Return the container version since which a field or an enum's value is known; empty for always.

    Args:
        owner: The message or enum, such as ``ModelInput``.
        name: The field or value.
    """
    return _SINCE.get(f"{owner}.{name}", "")
