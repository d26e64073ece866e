"""TR23x: tensors of TorchScript models, which know their inputs by place and not by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import Tensor, backend_of, shown, tensors, type_name

_INDEXED: Final = re.compile(r".*?__([0-9]*)", re.DOTALL)
_UNSIGNED: Final = frozenset({"TYPE_UINT16", "TYPE_UINT32", "TYPE_UINT64"})
_LAST_WITHOUT_UNSIGNED: Final = "24.12"
"""The last release whose backend is known to refuse these types; later ones were not looked at."""
_FIRST_WITH_ORDER: Final = "22.06"
_MOST_DIGITS: Final = 9


@rule("TR230", "torch-without-tensors", Severity.ERROR)
def torch_without_tensors(subject: Subject) -> Iterator[Fault]:
    """A TorchScript model has no inputs, or no outputs.

    The backend completes nothing and refuses the model:
    `model configuration must contain at least one input`
    ([libtorch.cc](https://github.com/triton-inference-server/pytorch_backend/blob/r24.10/src/libtorch.cc)).
    Write them all, such as

    ```proto
    backend: "pytorch"
    input { name: "INPUT__0" data_type: TYPE_FP32 dims: [ 4 ] }
    output { name: "OUTPUT__0" data_type: TYPE_FP32 dims: [ 1 ] }
    ```
    """
    if _is_torch_script(subject):
        for kind in ("input", "output"):
            if not getattr(subject.message, kind):
                hint = f"write {kind} {{ name: … data_type: … dims: … }}; the backend completes nothing"
                yield Fault(f"the TorchScript model has no {kind}s", (kind,), hint)


@rule("TR231", "torch-type", Severity.ERROR)
def torch_type(subject: Subject) -> Iterator[Fault]:
    """A tensor of a TorchScript model has a type that PyTorch lacks.

    The backend refuses the model: `unsupported datatype TYPE_UINT32`
    ([libtorch_utils.cc](https://github.com/triton-inference-server/pytorch_backend/blob/r24.10/src/libtorch_utils.cc)).
    PyTorch has `TYPE_UINT8` alone among the unsigned types. Write the next larger signed type, such as

    ```proto
    input { name: "INPUT__0" data_type: TYPE_INT64 dims: [ 4 ] }
    ```
    """
    if not _is_torch_script(subject) or subject.release.version > _LAST_WITHOUT_UNSIGNED:
        return
    for tensor in tensors(subject.message):
        if (type_ := type_name(tensor.spec)) in _UNSIGNED:
            hint = "take a signed type, such as TYPE_INT64"
            yield Fault(f"{tensor} is {type_}, which PyTorch lacks", tensor.at("data_type"), hint)


@rule("TR232", "torch-string-rank", Severity.ERROR)
def torch_string_rank(subject: Subject) -> Iterator[Fault]:
    """A tensor of strings of a TorchScript model has more than one dimension.

    The backend refuses the model: `Triton only supports 1 dimensional List of String`
    ([libtorch.cc](https://github.com/triton-inference-server/pytorch_backend/blob/r24.10/src/libtorch.cc)).
    The batch dimension counts, so that with batches there may be no other:

    ```proto
    max_batch_size: 8
    input { name: "INPUT__0" data_type: TYPE_STRING dims: [ 1 ] reshape { shape: [ ] } }
    ```
    """
    if not _is_torch_script(subject):
        return
    batched = subject.message.max_batch_size > 0
    for tensor in tensors(subject.message):
        shape = tensor.spec.reshape.shape if tensor.spec.HasField("reshape") else tensor.spec.dims
        if type_name(tensor.spec) == "TYPE_STRING" and len(shape) + batched > 1:
            message = f"{tensor} holds strings in {len(shape) + batched} dimensions, with the batch's if any"
            hint = "reshape it to one: reshape { shape: [ ] } with batches"
            yield Fault(message, tensor.at("dims"), hint)


@rule("TR233", "torch-output-name", Severity.ERROR)
def torch_output_name(subject: Subject) -> Iterator[Fault]:
    """An output of a TorchScript model is not called NAME__INDEX, on a release that knows no other names.

    Before release 22.06 the backend refuses the model:
    `does not follow naming convention i.e. <name>__<index>`
    ([pull request 63](https://github.com/triton-inference-server/pytorch_backend/pull/63)). Later ones take
    outputs in the order of the configuration. Write

    ```proto
    output { name: "OUTPUT__0" data_type: TYPE_FP32 dims: [ 1 ] }
    ```
    """
    if not _is_torch_script(subject) or subject.release.version >= _FIRST_WITH_ORDER:
        return
    for index, spec in enumerate(subject.message.output):
        if spec.name and _index_of(spec.name) is None:
            message = (
                f"output {shown(spec.name)} is not called NAME__INDEX, as {subject.release.version} needs"
            )
            yield Fault(message, ("output", index, "name"), f"call it such as OUTPUT__{index}")


@rule("TR234", "torch-names-mixed", Severity.WARNING)
def torch_names_mixed(subject: Subject) -> Iterator[Fault]:
    """Some tensors of a TorchScript model are called NAME__INDEX, and some are not.

    Then the backend looks at no index at all and takes the tensors in the order of the configuration
    ([model_configuration.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#special-conventions-for-pytorch-backend)).
    Inputs that are all called as the arguments of `forward` are fine. Instead of

    ```proto
    output { name: "OUTPUT__1" data_type: TYPE_FP32 dims: [ 1 ] }
    output { name: "scores" data_type: TYPE_FP32 dims: [ 4 ] }
    ```

    give all of them an index, or none.
    """
    if not _is_torch_script(subject):
        return
    for kind in ("input", "output"):
        specs = getattr(subject.message, kind)
        without = [index for index, spec in enumerate(specs) if _index_of(spec.name) is None]
        if without and len(without) < len(specs):
            name = shown(specs[without[0]].name)
            message = f"{kind} {name} has no index and others have one, so that all indices are ignored"
            yield Fault(message, (kind, without[0], "name"), "call all of them NAME__INDEX, or none")


@rule("TR235", "torch-index", Severity.WARNING)
def torch_index(subject: Subject) -> Iterator[Fault]:
    """The indices in the names of a TorchScript model's tensors leave a gap, or are there twice.

    `INPUT__0` is the first argument of `forward`, `OUTPUT__1` the second value that it returns
    ([model_configuration.md](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#special-conventions-for-pytorch-backend)).
    Inputs need each index from 0 on. Instead of

    ```proto
    input { name: "INPUT__1" data_type: TYPE_FP32 dims: [ 4 ] }
    ```

    begin with `INPUT__0`. A model whose only argument is a dictionary knows its inputs by name: switch this
    rule off for it.
    """
    if not _is_torch_script(subject):
        return
    for kind in ("input", "output"):
        yield from _index_faults(subject, kind)


@rule("TR236", "torch-sequence-name", Severity.ERROR)
def torch_sequence_name(subject: Subject) -> Iterator[Fault]:
    """A control or a state of a TorchScript model is not called NAME__INDEX.

    The backend cannot tell which argument of `forward` it is, and refuses the model:
    `does not follow <name>__<index> naming convention`
    ([libtorch.cc](https://github.com/triton-inference-server/pytorch_backend/blob/r24.10/src/libtorch.cc)).
    Write

    ```proto
    sequence_batching {
      control_input {
        name: "START__1" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] }
      }
    }
    ```
    """
    if not _is_torch_script(subject):
        return
    batching = subject.message.sequence_batching
    for kind, fields in (("control_input", ("name",)), ("state", ("input_name", "output_name"))):
        for place, spec in enumerate(getattr(batching, kind)):
            for field in fields:
                name = getattr(spec, field)
                if name and _index_of(name) is None:
                    text = f"the {field} {shown(name)} of a {kind} is not NAME__INDEX"
                    yield Fault(text, ("sequence_batching", kind, place, field))


def _index_faults(subject: Subject, kind: str) -> Iterator[Fault]:
    specs = getattr(subject.message, kind)
    indices = [_index_of(spec.name) for spec in specs]
    if None in indices:
        return
    # Controls and states of sequences are arguments too, and outputs may be left out.
    counted = len(specs) if kind == "input" and not _adds_inputs(subject) else None
    met: set[int | None] = set()
    for place, index in enumerate(indices):
        tensor = Tensor(kind, place, specs[place])
        if index in met:
            yield Fault(f"{tensor} has an index that another {kind} has", tensor.at("name"))
        elif counted is not None and index is not None and index >= counted:
            message = f"{tensor} has index {index}, but there are {counted} inputs, counted from 0"
            yield Fault(message, tensor.at("name"))
        met.add(index)


def _adds_inputs(subject: Subject) -> bool:
    return subject.message.HasField("sequence_batching") or bool(subject.message.batch_input)


def _is_torch_script(subject: Subject) -> bool:
    message = subject.message
    other = "aoti" in message.platform or message.runtime
    return backend_of(subject) == "pytorch" and not other


def _index_of(name: str) -> int | None:
    """Return the index in a name as the backend reads it: what follows the first two underscores."""
    match = _INDEXED.fullmatch(name)
    return int(match[1][:_MOST_DIGITS] or 0) if match else None
