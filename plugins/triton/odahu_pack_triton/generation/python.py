"""Drafts of the configurations of Python models, made of their ``auto_complete_config``."""

from __future__ import annotations

from typing import Any, Final

from odahu_pack_core import ArtifactError, did_you_mean
from odahu_pack_triton.auto_complete import FUNCTION, CompletedTensor
from odahu_pack_triton.config import CONFIG, ModelConfig
from odahu_pack_triton.python_model import completion_of, read_model_source
from odahu_pack_triton.python_source import CannotTellError, SourceModule, Unknown
from odahu_pack_triton.repository import ModelFolder

from .draft import Draft, DraftTensor, IncompleteConfigError

_TWO_TO_31: Final = 2**31
_TWO_TO_63: Final = 2**63
_ADD: Final = f"add {CONFIG} with input and output"


def draft_python(folder: ModelFolder, path: str, written: ModelConfig) -> Draft:
    """Return the configuration that ``auto_complete_config`` makes.

    Args:
        folder: The model's folder.
        path: The model file in it, such as ``1/model.py``.
        written: What is configured already.

    Raises:
        ArtifactError: The file is not Python, or what it adds is nothing that Triton takes.
        IncompleteConfigError: It has no such function, or the source alone does not tell what that does.
    """
    shown = folder.shown(path)
    module = read_model_source(folder.read_text(path), shown)
    _check_defined(module, shown)
    completion = completion_of(module, folder.name, written.message)
    if completion.unknown:
        raise IncompleteConfigError(
            f"auto_complete_config cannot be followed, {shown}, {completion.unknown}", hint=_ADD
        )
    return Draft(
        made_from=path,
        inputs=_tensors(completion.inputs, written.message.input, f"{shown} adds", "input"),
        outputs=_tensors(completion.outputs, written.message.output, f"{shown} adds", "output"),
        max_batch_size=_batch(_told(completion.max_batch_size), shown),
        dynamic_batching=_told(completion.dynamic_batching),
        decoupled=_told(completion.decoupled),
        reasons=("auto_complete_config was read without running it",),
    )


def _check_defined(module: SourceModule, shown: str) -> None:
    try:
        if module.defines(FUNCTION):
            return
    except CannotTellError as error:
        raise IncompleteConfigError(
            f"auto_complete_config cannot be followed, {shown}, {error.unknown}", hint=_ADD
        ) from None
    raise IncompleteConfigError(
        f"{shown} defines no auto_complete_config", hint=f"{_ADD}, or define {FUNCTION}"
    )


def _tensors(
    completed: tuple[CompletedTensor, ...] | Unknown,
    written: Any,  # noqa: ANN401  # a protobuf list
    who: str,
    kind: str,
) -> tuple[DraftTensor, ...]:
    tensors = _told(completed)
    if not tensors:
        raise IncompleteConfigError(f"{who} no {kind}", hint=_ADD)
    if written and len(tensors) != len(written):
        raise IncompleteConfigError(
            f"{who} to those of {CONFIG}, so that neither has each {kind}",
            hint=f"write each {kind} in one place",
        )
    for tensor in tensors:
        _check_tensor(tensor, who)
    return tuple(
        DraftTensor(tensor.name, tensor.data_type, tensor.dims, optional=tensor.optional)
        for tensor in tensors
    )


def _check_tensor(tensor: CompletedTensor, who: str) -> None:
    """Refuse what no configuration can hold: Triton would end the load with it.

    Raises:
        ArtifactError: The type is none, or a size has more than 64 bits.
    """
    from tritonclient.grpc import model_config_pb2  # noqa: PLC0415  # slow to import

    types = model_config_pb2.DataType.keys()
    if tensor.data_type not in types:
        near = did_you_mean(tensor.data_type, types)
        raise ArtifactError(
            f"{who} {tensor.name!r} with the data type {tensor.data_type!r}, which Triton has not; {near}",
            code="model-completion",
        )
    if any(not -_TWO_TO_63 <= size < _TWO_TO_63 for size in tensor.dims):
        raise ArtifactError(f"{who} {tensor.name!r} with a size beyond 64 bits", code="model-completion")


def _batch(size: int, shown: str) -> int:
    if not -_TWO_TO_31 <= size < _TWO_TO_31:
        raise ArtifactError(f"{shown} sets a max_batch_size beyond 32 bits", code="model-completion")
    return size


def _told(piece: Any) -> Any:  # noqa: ANN401  # any piece
    assert not isinstance(piece, Unknown)  # noqa: S101  # all pieces were checked before
    return piece
