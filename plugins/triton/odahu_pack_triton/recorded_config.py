"""The object that Triton hands to ``auto_complete_config``, which does what the Python backend's own does.

Source: ``ModelConfig`` of https://github.com/triton-inference-server/python_backend,
``src/resources/triton_python_backend_utils.py``.
"""

from __future__ import annotations

from typing import Any, Final

from .python_source import ForeignValue, Unknown

PIECES: Final = ("input", "output", "max_batch_size", "dynamic_batching", "model_transaction_policy")
"""The fields of a configuration that ``auto_complete_config`` may change."""

_CHANGED: Final = {
    "add_input": "input",
    "add_output": "output",
    "set_max_batch_size": "max_batch_size",
    "set_dynamic_batching": "dynamic_batching",
    "set_model_transaction_policy": "model_transaction_policy",
}
_OTHER_SCHEDULERS: Final = ("sequence_batching", "ensemble_scheduling")


class RecordedConfig:
    """A configuration, and what of it is not known any more.

    Args:
        config: It, as Triton's JSON form has it; changed by the methods.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.unknown: dict[str, Unknown] = {}

    def handle(self) -> ForeignValue:
        """Return the object that the source may call."""
        methods = {name: getattr(self, name) for name in ("as_dict", *_CHANGED)}
        return ForeignValue(methods, self.uncertain)

    def uncertain(self, method: str, why: Unknown) -> None:
        """Take note that a method was called with something unknown, or any method at all."""
        for piece in (_CHANGED[method],) if method in _CHANGED else PIECES:
            self.unknown.setdefault(piece, why)

    def as_dict(self) -> dict[str, Any]:
        """Return the configuration itself, not a copy, as Triton does."""
        return self.config

    def set_max_batch_size(self, max_batch_size: int) -> None:
        """Set the largest batch; ValueError where a larger one is written."""
        if self.config["max_batch_size"] > max_batch_size:
            raise ValueError(
                f"max_batch_size {self.config['max_batch_size']} is written, "
                f"which is more than the {max_batch_size} of set_max_batch_size"
            )
        self.config["max_batch_size"] = max_batch_size

    def set_dynamic_batching(self) -> None:
        """Have Triton put requests together; ValueError where another scheduler is written."""
        for scheduler in _OTHER_SCHEDULERS:
            if scheduler in self.config:
                raise ValueError(f"{scheduler} is written, and set_dynamic_batching is called")
        self.config.setdefault("dynamic_batching", {})

    def add_input(self, input: dict[str, Any]) -> None:  # noqa: A002  # Triton's own name
        """Add an input; ValueError where it contradicts one that is there."""
        self._add("input", input, ("name", "data_type", "dims", "optional"))

    def add_output(self, output: dict[str, Any]) -> None:
        """Add an output; ValueError where it contradicts one that is there."""
        self._add("output", output, ("name", "data_type", "dims"))

    def set_model_transaction_policy(self, transaction_policy_dict: dict[str, Any]) -> None:
        """Set whether a request may have several answers; ValueError where the contrary is written."""
        for key in transaction_policy_dict:
            if key != "decoupled":
                raise ValueError(f"{key!r} is no member of a transaction policy")
        policy = self.config.setdefault("model_transaction_policy", {})
        if "decoupled" in transaction_policy_dict:
            decoupled = transaction_policy_dict["decoupled"]
            if policy.get("decoupled", decoupled) != decoupled:
                raise ValueError(f"decoupled is written as {policy['decoupled']}")
            policy["decoupled"] = decoupled

    def _add(self, kind: str, tensor: dict[str, Any], members: tuple[str, ...]) -> None:
        for member in tensor:
            if member not in members:
                raise ValueError(f"{member!r} is no member of an {kind} here, those are {', '.join(members)}")
        for member in ("name", "data_type", "dims"):
            if member not in tensor:
                raise ValueError(f"an {kind} has no {member!r}")
        for written in self.config[kind]:
            if written["name"] == tensor["name"]:
                _agree(kind, written, tensor)
                written.update(tensor)
                return
        self.config[kind].append(tensor)


def _agree(kind: str, written: dict[str, Any], tensor: dict[str, Any]) -> None:
    """Check that a tensor does not contradict what is written of it."""
    for member in ("data_type", "dims", "optional"):
        before = written.get(member)
        is_open = not before or before == "TYPE_INVALID" if member != "optional" else before is None
        if member in tensor and not is_open and before != tensor[member]:
            raise ValueError(f"{kind} {tensor['name']!r} has {member} {before} and {tensor[member]}")
