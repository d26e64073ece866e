"""What ``auto_complete_config`` of a Python model does to a configuration, read without running it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .python_source import CannotTellError, ForeignValue, SourceModule, Unknown
from .recorded_config import PIECES, RecordedConfig

FUNCTION: Final = "TritonPythonModel.auto_complete_config"


@dataclass(frozen=True)
class CompletedTensor:
    """An input or output after ``auto_complete_config``.

    Args:
        name: Its name.
        data_type: Such as ``TYPE_FP32``.
        dims: Sizes without the batch dimension; -1 for one that varies.
        optional: Whether a request may leave it out.
    """

    name: str
    data_type: str
    dims: tuple[int, ...]
    optional: bool = False


@dataclass(frozen=True)
class Completion:
    """A configuration after ``auto_complete_config``, piece by piece.

    Args:
        inputs: The inputs, those that were written too.
        outputs: The outputs, likewise.
        max_batch_size: The largest batch.
        dynamic_batching: Whether Triton puts requests together.
        decoupled: Whether a request may have several answers.
    """

    inputs: tuple[CompletedTensor, ...] | Unknown
    outputs: tuple[CompletedTensor, ...] | Unknown
    max_batch_size: int | Unknown
    dynamic_batching: bool | Unknown
    decoupled: bool | Unknown

    @property
    def unknown(self) -> Unknown | None:
        """The first piece that the source alone does not tell; None where it tells all."""
        pieces = (self.inputs, self.outputs, self.max_batch_size, self.dynamic_batching, self.decoupled)
        return next((piece for piece in pieces if isinstance(piece, Unknown)), None)


def complete_statically(module: SourceModule, written: Mapping[str, Any]) -> Completion:
    """Return what a Python model makes of a configuration.

    Args:
        module: Its ``model.py``.
        written: The configuration as Triton hands it over: its JSON form.
    """
    recorded = RecordedConfig(dict(written))
    handle = recorded.handle()
    try:
        _check_returned(module.call(FUNCTION, handle), handle)
        module.known(recorded.config)
    except CannotTellError as error:
        recorded.uncertain("", error.unknown)
    return Completion(
        inputs=_piece("input", recorded, module, _tensors),
        outputs=_piece("output", recorded, module, _tensors),
        max_batch_size=_piece("max_batch_size", recorded, module, _size),
        dynamic_batching=_piece("dynamic_batching", recorded, module, lambda value: value is not None),
        decoupled=_piece("model_transaction_policy", recorded, module, _is_decoupled),
    )


def _check_returned(returned: object, handle: ForeignValue) -> None:
    if returned is not handle:
        raise CannotTellError(Unknown("auto_complete_config does not return the configuration", 1))


def _piece(name: str, recorded: RecordedConfig, module: SourceModule, read: Callable[[Any], Any]) -> Any:  # noqa: ANN401  # of the type that `read` makes
    assert name in PIECES  # noqa: S101  # our own names only
    if name in recorded.unknown:
        return recorded.unknown[name]
    try:
        return read(module.sound(recorded.config.get(name)))
    except CannotTellError as error:
        return error.unknown
    except (KeyError, TypeError, ValueError) as error:
        return Unknown(f"{name} is no such field: {error}", 1)


def _tensors(described: Any) -> tuple[CompletedTensor, ...]:  # noqa: ANN401  # whatever the source puts there
    return tuple(
        CompletedTensor(
            _typed(tensor["name"], str),
            _typed(tensor["data_type"], str),
            tuple(_typed(size, int) for size in tensor["dims"]),
            optional=bool(tensor.get("optional", False)),
        )
        for tensor in described
    )


def _size(value: object) -> int:
    return int(_typed(value, int))


def _is_decoupled(policy: Any) -> bool:  # noqa: ANN401  # whatever the source puts there
    return bool(policy["decoupled"]) if policy else False


def _typed(value: Any, expected: type) -> Any:  # noqa: ANN401  # of the type expected
    if type(value) is not expected:
        raise TypeError(f"{value!r} is no {expected.__name__}")
    if isinstance(value, str):
        value.encode()  # a lone surrogate is no text of a configuration
    return value
