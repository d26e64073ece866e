"""TR328 to TR331: how the sequence batcher puts requests together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

_SHORTEST_IDLE: Final = 1000
_FIRST_WITH_CACHE_CHECK: Final = "23.01"
"""From here on it is certain that the server looks at the two together."""


@rule("TR328", "slot-utilization", Severity.ERROR)
def slot_utilization(subject: Subject) -> Iterator[Fault]:
    """The part of slots that must be filled is not between 0 and 1.

    Triton refuses the model: `sequence batching minimum slot utilization must be in range (0.0, 1.0]`
    ([implicit_state_management.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/implicit_state_management.md#direct)).
    It is no percentage; three quarters are

    ```proto
    sequence_batching { direct { minimum_slot_utilization: 0.75 } }
    ```
    """
    value = subject.message.sequence_batching.direct.minimum_slot_utilization
    if value < 0 or value > 1:
        at = ("sequence_batching", "direct", "minimum_slot_utilization")
        yield Fault(f"minimum_slot_utilization is {value:g}, not between 0 and 1", at)


@rule("TR329", "sequence-preferred-batch-size", Severity.ERROR)
def sequence_preferred_batch_size(subject: Subject) -> Iterator[Fault]:
    """A preferred batch size of sequences is not between 1 and max_batch_size.

    Triton refuses the model: `sequence batching preferred batch size must be <= max batch size`
    ([implicit_state_management.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/implicit_state_management.md#oldest)).
    Write

    ```proto
    max_batch_size: 16
    sequence_batching { oldest { max_candidate_sequences: 32 preferred_batch_size: [ 8, 16 ] } }
    ```
    """
    largest = subject.message.max_batch_size
    for index, size in enumerate(subject.message.sequence_batching.oldest.preferred_batch_size):
        if size < 1 or size > largest >= 0:
            at = ("sequence_batching", "oldest", "preferred_batch_size", index)
            yield Fault(f"preferred batch size {size} is not between 1 and max_batch_size, {largest}", at)


@rule("TR330", "short-idle", Severity.WARNING)
def short_idle(subject: Subject) -> Iterator[Fault]:
    """A sequence ends after less than a millisecond without a request; the unit is the microsecond.

    Triton takes any number and frees the sequence's slot after that time, so that its next request is
    refused or begins anew
    ([model_execution.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_execution.md#stateful-models)).
    Five seconds are

    ```proto
    sequence_batching { max_sequence_idle_microseconds: 5000000 }
    ```
    """
    idle = subject.message.sequence_batching.max_sequence_idle_microseconds
    if 0 < idle < _SHORTEST_IDLE:
        at = ("sequence_batching", "max_sequence_idle_microseconds")
        yield Fault(f"max_sequence_idle_microseconds of {idle} is less than a millisecond", at)


@rule("TR331", "sequence-with-cache", Severity.ERROR)
def sequence_with_cache(subject: Subject) -> Iterator[Fault]:
    """A model of sequences has its responses cached.

    Triton refuses the model:
    `Response Cache does not currently support model … with sequence batching scheduler`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Leave out one of the two in

    ```proto
    sequence_batching { }
    response_cache { enable: true }
    ```
    """
    message = subject.message
    both = message.HasField("sequence_batching") and message.response_cache.enable
    if both and subject.release.version >= _FIRST_WITH_CACHE_CHECK:
        text = "the responses of a model with sequence_batching cannot be cached"
        yield Fault(text, ("response_cache",), "leave response_cache out")
