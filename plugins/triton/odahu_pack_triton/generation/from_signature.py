"""Drafts made of the inputs and outputs that a model file lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from odahu_pack_triton.model_files import ModelSignature, TensorSignature

from .draft import Draft, DraftTensor, IncompleteConfigError

DEFAULT_MAX_BATCH_SIZE: Final = 4
"""Triton's own, ``default-max-batch-size`` of its backends.

Source: https://github.com/triton-inference-server/backend, README.md, "Default Max Batch Size".
"""

_MADE_UP: Final = re.compile(r"unk__\d+|\w+_dim_\d+|p2o\.DynamicDimension\.\d+|\?|None")
"""Names that converters such as tf2onnx give to sizes of which nothing is known."""


def draft_from(signature: ModelSignature, path: str, max_batch_size: int | None) -> Draft:
    """Return the configuration that fits inputs and outputs.

    As Triton does, a batch is taken for possible where the first size of every input and output varies; other
    than Triton, only where the file has no different names for these sizes.

    Args:
        signature: What the model file says; its name of the file is that of messages.
        path: The model file, below the model's folder.
        max_batch_size: The largest batch that is wanted, 0 for none; None to choose.

    Raises:
        IncompleteConfigError: The file does not say enough, or a batch is wanted that it cannot take.
    """
    tensors = (*signature.inputs, *signature.outputs)
    for tensor in tensors:
        _check(tensor, signature.file)
    size, reason = _batch(tensors, signature.file, max_batch_size)
    return Draft(
        made_from=path,
        inputs=tuple(_draft_tensor(tensor, is_batched=size > 0) for tensor in signature.inputs),
        outputs=tuple(_draft_tensor(tensor, is_batched=size > 0) for tensor in signature.outputs),
        max_batch_size=size,
        dynamic_batching=size > 1,
        reasons=(reason,),
        doubts=tuple(_open_sizes(signature)),
    )


def _open_sizes(signature: ModelSignature) -> Iterator[str]:
    """Yield a word on each output with a size that no input explains, which the backend may know better."""
    known = {axis for tensor in signature.inputs for axis in tensor.axes}
    for tensor in signature.outputs:
        sizes = list(zip(tensor.shape or (), tensor.axes, strict=False))[1:]
        if any(size == -1 and axis not in known for size, axis in sizes):
            yield (
                f"dims -1 of {tensor.name!r}: {signature.file} names no size; "
                "should the backend find one, Triton refuses -1"
            )


def _check(tensor: TensorSignature, file: str) -> None:
    if tensor.foreign:
        raise IncompleteConfigError(
            f"{file} has {tensor.name!r} as {tensor.foreign}, which Triton cannot serve"
        )
    if not tensor.data_type:
        raise IncompleteConfigError(f"{file} does not say of which type {tensor.name!r} is")
    if tensor.shape is None:
        raise IncompleteConfigError(f"{file} does not say how many dimensions {tensor.name!r} has")
    if 0 in tensor.shape:
        raise IncompleteConfigError(f"{file} has {tensor.name!r} with a dimension of size 0")


def _batch(tensors: Sequence[TensorSignature], file: str, wanted: int | None) -> tuple[int, str]:
    """Return the largest batch and why it is this."""
    if wanted == 0:
        return 0, "max_batch_size 0: as given"
    obstacle = _obstacle(tensors)
    if wanted is not None:
        if obstacle:
            raise IncompleteConfigError(
                f"{file} takes no batches of {wanted}: {obstacle}", hint="leave max_batch_size at 0"
            )
        return wanted, f"max_batch_size {wanted}: as given"
    doubt = obstacle or _doubt(tensors)
    if doubt:
        return 0, f"max_batch_size 0: {doubt}"
    why = "the first dimension of every input and output varies, and this is Triton's default"
    return DEFAULT_MAX_BATCH_SIZE, f"max_batch_size {DEFAULT_MAX_BATCH_SIZE}: {why}"


def _obstacle(tensors: Sequence[TensorSignature]) -> str:
    """Return why a model takes no batches; empty where it does."""
    for tensor in tensors:
        if not tensor.shape:
            return f"{tensor.name!r} is a scalar"
        if tensor.shape[0] != -1:
            return f"the first dimension of {tensor.name!r} is always {tensor.shape[0]}"
    return ""


def _doubt(tensors: Sequence[TensorSignature]) -> str:
    """Return why a first dimension that varies may be no batch; empty where it looks like one."""
    if not tensors:
        return "it has no inputs and outputs"
    first = (tensor.axes[0] for tensor in tensors if tensor.axes)
    names = dict.fromkeys(name for name in first if name and not _MADE_UP.fullmatch(name))
    shown = ", ".join(repr(name) for name in names)
    return f"the first dimensions have different names, {shown}" if len(names) > 1 else ""


def _draft_tensor(tensor: TensorSignature, *, is_batched: bool) -> DraftTensor:
    shape = tensor.shape or ()
    if not is_batched:
        # Triton allows no empty dims; for scalars its backends take a single 1.
        return DraftTensor(tensor.name, tensor.data_type, shape or (1,))
    dims = shape[1:]
    return DraftTensor(tensor.name, tensor.data_type, dims or (1,), reshape=None if dims else ())
