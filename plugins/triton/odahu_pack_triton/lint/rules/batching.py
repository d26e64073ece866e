"""TR30x: max_batch_size and the dynamic batcher."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from odahu_pack_triton.config import FieldPath
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import may_complete

_DELAY: Final = 1
"""``ModelQueuePolicy.DELAY``."""
_LONGEST_DELAY: Final = 10_000_000
_SECOND: Final = 1_000_000


@rule("TR301", "negative-max-batch-size", Severity.ERROR)
def negative_max_batch_size(subject: Subject) -> Iterator[Fault]:
    """max_batch_size is negative.

    Triton refuses the model: `'max_batch_size' must be non-negative value`
    ([model_configuration.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#maximum-batch-size)).
    It never means "any". Write the most items that a batch may have, or 0 for a model without batches:

    ```proto
    max_batch_size: 64
    ```
    """
    size = subject.message.max_batch_size
    if size < 0:
        hint = "write the most items of a batch, or 0 for none"
        yield Fault(f"max_batch_size is {size}", ("max_batch_size",), hint)


@rule("TR302", "preferred-batch-size", Severity.ERROR)
def preferred_batch_size(subject: Subject) -> Iterator[Fault]:
    """A preferred batch size is not between 1 and max_batch_size.

    Triton refuses the model: `dynamic batching preferred size must be <= max batch size`, or
    `must be positive`
    ([batcher.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/batcher.md)).
    Without `max_batch_size` no size is allowed, even where the backend would complete it. Write

    ```proto
    max_batch_size: 16
    dynamic_batching { preferred_batch_size: [ 8, 16 ] }
    ```
    """
    largest = subject.message.max_batch_size
    for index, size in enumerate(subject.message.dynamic_batching.preferred_batch_size):
        if size < 1 or size > largest >= 0:
            at = ("dynamic_batching", "preferred_batch_size", index)
            yield Fault(f"preferred batch size {size} is not between 1 and max_batch_size, {largest}", at)


@rule("TR303", "batching-without-batches", Severity.WARNING)
def batching_without_batches(subject: Subject) -> Iterator[Fault]:
    """Dynamic batching is on, but max_batch_size is 0.

    Triton loads the model and gives it one request at a time
    ([model_configuration.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#maximum-batch-size)).
    Write

    ```proto
    max_batch_size: 16
    dynamic_batching { }
    ```

    and leave the batch dimension out of all dims, or leave `dynamic_batching` out.
    """
    message = subject.message
    if message.HasField("dynamic_batching") and not message.max_batch_size and not may_complete(subject):
        text = "dynamic_batching has nothing to batch: max_batch_size is 0"
        yield Fault(text, ("dynamic_batching",), "set max_batch_size, or leave dynamic_batching out")


@rule("TR304", "long-delay", Severity.WARNING)
def long_delay(subject: Subject) -> Iterator[Fault]:
    """Requests wait for more than ten seconds for others; the unit is the microsecond.

    Triton takes any number
    ([batcher.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/batcher.md#delayed-batching)),
    and a request that is alone waits so long for its answer. A tenth of a millisecond is

    ```proto
    dynamic_batching { max_queue_delay_microseconds: 100 }
    ```
    """
    message = subject.message
    scheduling = message.sequence_batching
    field = "max_queue_delay_microseconds"
    delays = (
        (message.dynamic_batching, ("dynamic_batching", field)),
        (scheduling.oldest, ("sequence_batching", "oldest", field)),
        (scheduling.direct, ("sequence_batching", "direct", field)),
    )
    for batcher, at in delays:
        delay = batcher.max_queue_delay_microseconds
        if delay > _LONGEST_DELAY:
            yield Fault(f"{field} of {delay} is {delay // _SECOND} seconds", at)


@rule("TR305", "default-priority", Severity.ERROR)
def default_priority(subject: Subject) -> Iterator[Fault]:
    """There are priorities, but the default one is not among them.

    Triton refuses the model: `default priority level must be in range [1, 2]`
    ([batcher.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/batcher.md#priority-levels)).
    1 is the highest priority. Write

    ```proto
    dynamic_batching { priority_levels: 2 default_priority_level: 2 }
    ```
    """
    batcher = subject.message.dynamic_batching
    levels, default = batcher.priority_levels, batcher.default_priority_level
    if levels and not 1 <= default <= levels:
        at = ("dynamic_batching", "default_priority_level")
        yield Fault(f"default_priority_level is {default}, but there are levels 1 to {levels}", at)


@rule("TR306", "policy-of-no-priority", Severity.ERROR)
def policy_of_no_priority(subject: Subject) -> Iterator[Fault]:
    """A queue policy is for a priority that does not exist.

    Triton refuses the model: `priority queue policy must have priority level in range [1, 2]`
    ([batcher.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/batcher.md#queue-policy)).
    Write such as

    ```proto
    dynamic_batching {
      priority_levels: 2
      default_priority_level: 2
      priority_queue_policy { key: 1 value { max_queue_size: 100 } }
    }
    ```
    """
    batcher = subject.message.dynamic_batching
    levels = batcher.priority_levels
    for key in sorted(batcher.priority_queue_policy) if levels else ():
        if not 1 <= key <= levels:
            yield Fault(f"a queue policy is for priority {key}, but there are 1 to {levels}", _policy(key))


@rule("TR307", "priority-without-levels", Severity.WARNING)
def priority_without_levels(subject: Subject) -> Iterator[Fault]:
    """Priorities are configured, but priority_levels is not.

    Triton loads the model and has one queue for all requests
    ([batcher.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/batcher.md#priority-levels)).
    Write

    ```proto
    dynamic_batching { priority_levels: 2 default_priority_level: 2 }
    ```
    """
    batcher = subject.message.dynamic_batching
    if batcher.priority_levels:
        return
    for field in ("default_priority_level", "priority_queue_policy"):
        if getattr(batcher, field):
            hint = "set priority_levels, or leave it out"
            yield Fault(f"{field} has no effect without priority_levels", ("dynamic_batching", field), hint)


@rule("TR308", "ordering-with-priorities", Severity.ERROR)
def ordering_with_priorities(subject: Subject) -> Iterator[Fault]:
    """Responses are to keep the order of requests, but requests have several priorities.

    Triton refuses the model: `Only one priority level is allowed when 'preserve_ordering' is true`
    ([batcher.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/batcher.md#preserve-ordering)).
    Leave out one of the two in

    ```proto
    dynamic_batching { preserve_ordering: true priority_levels: 2 default_priority_level: 1 }
    ```
    """
    batcher = subject.message.dynamic_batching
    if batcher.preserve_ordering and batcher.priority_levels > 1:
        message = f"preserve_ordering allows one priority, but priority_levels is {batcher.priority_levels}"
        yield Fault(message, ("dynamic_batching", "preserve_ordering"))


@rule("TR309", "ordering-with-delay", Severity.ERROR)
def ordering_with_delay(subject: Subject) -> Iterator[Fault]:
    """Responses are to keep the order of requests, but requests that time out are put off.

    Triton refuses the model:
    `Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true`
    ([batcher.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/batcher.md#queue-policy)).
    Write

    ```proto
    dynamic_batching {
      preserve_ordering: true
      default_queue_policy { timeout_action: REJECT default_timeout_microseconds: 1000 }
    }
    ```
    """
    batcher = subject.message.dynamic_batching
    if not batcher.preserve_ordering:
        return
    policies = [
        (batcher.default_queue_policy, ("dynamic_batching", "default_queue_policy", "timeout_action")),
        *(
            (batcher.priority_queue_policy[key], _policy(key))
            for key in sorted(batcher.priority_queue_policy)
        ),
    ]
    for policy, at in policies:
        if policy.default_timeout_microseconds and policy.timeout_action == _DELAY:
            yield Fault("preserve_ordering forbids the timeout_action DELAY", at, "write REJECT")


@rule("TR310", "delay-without-timeout", Severity.WARNING)
def delay_without_timeout(subject: Subject) -> Iterator[Fault]:
    """Requests that time out are to be put off, but none ever times out.

    Without `default_timeout_microseconds` and without requests' own timeouts, which `allow_timeout_override`
    admits, `timeout_action` has no effect
    ([batcher.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/batcher.md#queue-policy)).
    Write

    ```proto
    dynamic_batching {
      default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 1000 }
    }
    ```
    """
    policy = subject.message.dynamic_batching.default_queue_policy
    if policy.timeout_action == _DELAY and not policy.default_timeout_microseconds:
        if policy.allow_timeout_override:
            return
        at = ("dynamic_batching", "default_queue_policy", "timeout_action")
        yield Fault("timeout_action is DELAY, but default_timeout_microseconds is 0", at)


def _policy(key: int) -> FieldPath:
    # Places of a map's entries go by the key as it is written.
    return ("dynamic_batching", "priority_queue_policy", str(key))
