"""Which part of many inputs a run takes, so that a cluster's scheduler can spread them over machines."""

import re
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence

from .faults import UsageError

INDEX_VARIABLE, COUNT_VARIABLE = "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"

_OPTION = re.compile(r"(\d+|auto)/(\d+)", re.ASCII)


class Shard(NamedTuple):
    """Every ``parts``-th input, beginning at ``part``, which counts from 0 as Kubernetes does.

    What a shard takes depends on the list alone: never on which results are there already.
    """

    part: int
    parts: int

    def of(self, inputs: Sequence[Any]) -> List[Any]:
        """Pick this shard's part of a sorted list."""
        return list(inputs[self.part :: self.parts])


WHOLE = Shard(0, 1)


def choose_shard(option: Optional[str], environ: Mapping[str, str]) -> Shard:
    """Find out which part of many inputs is meant.

    Args:
        option: ``I/N``, ``auto/N`` for the index that Kubernetes gives, None for what the environment says.
        environ: environment variables; an indexed Job of Kubernetes sets ``JOB_COMPLETION_INDEX``.

    Raises:
        UsageError: no such part, or an index without the number of parts.
    """
    if option is not None:
        return _written(option, environ)
    index, count = environ.get(INDEX_VARIABLE), environ.get(COUNT_VARIABLE)
    if index is None:
        return WHOLE
    if count is None:
        raise UsageError(
            f"{INDEX_VARIABLE} is {index}, but not of how many: give --shard auto/N or set {COUNT_VARIABLE}=N"
            " to the Job's completions, or give --shard 0/1 to predict on all inputs here"
        )
    return _checked(_number(INDEX_VARIABLE, index), _number(COUNT_VARIABLE, count))


def _written(option: str, environ: Mapping[str, str]) -> Shard:
    match = _OPTION.fullmatch(option)
    if match is None:
        raise UsageError(f"--shard {option}: expected I/N, such as 0/4 for the first of 4 parts, or auto/N")
    index, count = match.groups()
    if index == "auto":
        if INDEX_VARIABLE not in environ:
            raise UsageError(f"--shard {option} needs {INDEX_VARIABLE}, which indexed Jobs of Kubernetes set")
        return _checked(_number(INDEX_VARIABLE, environ[INDEX_VARIABLE]), int(count))
    return _checked(int(index), int(count))


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise UsageError(f"{name} is {text!r}, expected a number")
    return int(text)


def _checked(part: int, parts: int) -> Shard:
    if parts < 1:
        raise UsageError("the number of shards must be at least 1")
    if part >= parts:
        raise UsageError(f"there is no shard {part} of {parts}: they count from 0 to {parts - 1}")
    return Shard(part, parts)
