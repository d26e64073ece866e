"""What can be read from a Python model's ``model.py`` without running it."""

from __future__ import annotations

from typing import Any, Final

from odahu_pack_core import ArtifactError, ModelArtifact

from .auto_complete import FUNCTION, Completion, complete_statically
from .python_source import CannotTellError, SourceModule, Unknown, read_module

_UNREAD: Final = Unknown("Triton has it from somewhere else", 1)
# What Triton's JSON form of a configuration always has.
_ALWAYS: Final = (
    "platform",
    "backend",
    "runtime",
    "version_policy",
    "batch_input",
    "batch_output",
    "optimization",
    "instance_group",
    "default_model_filename",
    "cc_model_filenames",
    "metric_tags",
    "parameters",
    "model_warmup",
)
_SOMETIMES: Final = ("sequence_batching", "ensemble_scheduling", "dynamic_batching")


def completes_its_config(artifact: ModelArtifact, file: str) -> bool:
    """Tell whether a Python model defines ``auto_complete_config``, from which Triton learns its tensors.

    Args:
        artifact: The artifact.
        file: The model's file.

    Raises:
        ArtifactError: The file is not Python.
    """
    module = read_model_source(artifact.read_text(file), file)
    try:
        return module.defines(FUNCTION)
    except CannotTellError:
        return True  # Nobody knows; Triton will tell.


def read_model_source(source: str, file: str) -> SourceModule:
    """Return a ``model.py`` to be asked.

    Args:
        source: Its text.
        file: What messages call it.

    Raises:
        ArtifactError: It is not Python.
    """
    try:
        return read_module(source)
    except SyntaxError as error:
        raise ArtifactError(f"{file}, line {error.lineno or 1}: {error.msg}", code="model-syntax") from None
    except (ValueError, RecursionError, MemoryError):
        raise ArtifactError(f"{file} is not Python source that can be read", code="model-syntax") from None


def completion_of(module: SourceModule, name: str, message: Any) -> Completion:  # noqa: ANN401  # a protobuf message
    """Return what a Python model makes of its configuration.

    Args:
        module: Its ``model.py``.
        name: The model's name.
        message: The configuration as written, as ``inference.ModelConfig``.
    """
    return complete_statically(module, _as_triton_has_it(name, message))


def _as_triton_has_it(name: str, message: Any) -> dict[str, Any]:  # noqa: ANN401  # as above
    config: dict[str, Any] = dict.fromkeys(_ALWAYS, _UNREAD)
    config |= {
        "name": message.name or name,
        "backend": "python",
        "max_batch_size": message.max_batch_size,
        "input": [_input(tensor) for tensor in message.input],
        "output": [_tensor(tensor) for tensor in message.output],
        "parameters": {key: {"string_value": each.string_value} for key, each in message.parameters.items()},
    }
    config |= {field: {} for field in _SOMETIMES if message.HasField(field)}
    if message.HasField("model_transaction_policy"):
        config["model_transaction_policy"] = {"decoupled": message.model_transaction_policy.decoupled}
    return config


def _input(tensor: Any) -> dict[str, Any]:  # noqa: ANN401  # as above
    return {**_tensor(tensor), "optional": tensor.optional}


def _tensor(tensor: Any) -> dict[str, Any]:  # noqa: ANN401  # as above
    data_type = type(tensor).DESCRIPTOR.fields_by_name["data_type"].enum_type.values_by_number
    return {
        "name": tensor.name,
        "data_type": data_type[tensor.data_type].name,
        "dims": list(tensor.dims),
    }
