"""TR22x: the shapes that a backend sees in place of those that requests have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import VARIABLE, Tensor, tensors

_LARGEST: Final = 2**64
"""Sizes beyond are not told apart."""
_MOST_SHOWN: Final = 8


@rule("TR220", "reshape-dimension", Severity.ERROR)
def reshape_dimension(subject: Subject) -> Iterator[Fault]:
    """A dimension of a reshape is neither positive nor -1.

    Triton refuses the model:
    `reshape dimensions must be integer >= 1, or -1 to indicate a variable-size dimension`
    ([model_configuration.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#reshape)).
    No dimension at all is an empty list, not a 0:

    ```proto
    input { name: "age" data_type: TYPE_FP32 dims: [ 1 ] reshape { shape: [ ] } }
    ```
    """
    for tensor in _reshaped(subject):
        for index, size in enumerate(tensor.spec.reshape.shape):
            if size < 1 and size != VARIABLE:
                at = tensor.at("reshape", "shape", index)
                yield Fault(f"the reshape of {tensor} has a dimension of {size}", at)


@rule("TR221", "reshape-to-scalar", Severity.ERROR)
def reshape_to_scalar(subject: Subject) -> Iterator[Fault]:
    """A tensor is reshaped to no dims at all, but the model has no batches.

    Triton refuses the model:
    `cannot have empty reshape for non-batching model as scalar tensors are not supported`
    ([model_configuration.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#reshape)).
    With batches the backend sees the batch dimension alone:

    ```proto
    max_batch_size: 8
    input { name: "age" data_type: TYPE_FP32 dims: [ 1 ] reshape { shape: [ ] } }
    ```

    Without them write `dims: [ 1 ]` and no `reshape`.
    """
    if subject.message.max_batch_size:
        return
    for tensor in _reshaped(subject):
        if not tensor.spec.reshape.shape:
            message = f"{tensor} is reshaped to no dims, but max_batch_size is 0"
            yield Fault(message, tensor.at("reshape"), "leave reshape out, or set max_batch_size")


@rule("TR222", "reshape-size", Severity.ERROR)
def reshape_size(subject: Subject) -> Iterator[Fault]:
    """A tensor has another number of values after its reshape than before.

    Triton refuses the model: `has different size for dims and reshape`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    The products of the sizes must be equal, and so must those of the sizes before, between and after
    dimensions of -1. Instead of

    ```proto
    input { name: "x" data_type: TYPE_FP32 dims: [ 2, 4, -1, 6 ] reshape { shape: [ 6, -1, 8 ] } }
    ```

    write such as `shape: [ 8, -1, 6 ]`.
    """
    for tensor in _sound(subject):
        dims, shape = tensor.spec.dims, tensor.spec.reshape.shape
        before, after = _products(dims), _products(shape)
        differs = len(before) == len(after) and before != after
        if differs or (len(before) != len(after) and 1 in {len(before), len(after)}):
            message = f"{tensor} has dims {_list(dims)}, which cannot become {_list(shape)}"
            yield Fault(message, tensor.at("reshape", "shape"), "the sizes must multiply to the same")


@rule("TR223", "reshape-variable-dims", Severity.ERROR)
def reshape_variable_dims(subject: Subject) -> Iterator[Fault]:
    """A tensor has another number of variable dimensions after its reshape than before.

    Triton refuses the model: `has different number of variable-size dimensions for dims and reshape`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Instead of

    ```proto
    input { name: "x" data_type: TYPE_FP32 dims: [ -1, -1 ] reshape { shape: [ -1 ] } }
    ```

    write as many `-1` as dims has.
    """
    for tensor in _sound(subject):
        before = sum(size == VARIABLE for size in tensor.spec.dims)
        after = sum(size == VARIABLE for size in tensor.spec.reshape.shape)
        if before != after and before and after:
            message = f"{tensor} has {before} variable dims, but {after} after its reshape"
            yield Fault(message, tensor.at("reshape", "shape"), "write as many -1 as dims has")


def _reshaped(subject: Subject) -> Iterator[Tensor]:
    return (tensor for tensor in tensors(subject.message) if tensor.spec.HasField("reshape"))


def _sound(subject: Subject) -> Iterator[Tensor]:
    """Yield the reshaped tensors whose sizes have no fault of their own."""
    for tensor in _reshaped(subject):
        sizes = [*tensor.spec.dims, *tensor.spec.reshape.shape]
        scalar = not subject.message.max_batch_size and not tensor.spec.reshape.shape
        if tensor.spec.dims and not scalar and all(size > 0 or size == VARIABLE for size in sizes):
            yield tensor


def _products(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the products of the sizes before, between and after the variable ones."""
    products = [1]
    for size in sizes:
        if size == VARIABLE:
            products.append(1)
        else:
            products[-1] = min(products[-1] * size, _LARGEST)
    return tuple(products)


def _list(sizes: Sequence[int]) -> str:
    listed = [*map(str, sizes[:_MOST_SHOWN]), *("…" for _ in sizes[_MOST_SHOWN : _MOST_SHOWN + 1])]
    return f"[ {', '.join(listed)} ]" if listed else "[ ]"
