"""The text that completes a configuration: what a draft says and what is not written yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from odahu_pack_triton.config import ModelConfig
from odahu_pack_triton.formats import ModelFormat

from .draft import Draft, DraftTensor
from .layout import lay_out


def addition(draft: Draft, written: ModelConfig, format_: ModelFormat) -> str:
    """Return the lines that complete a configuration.

    Args:
        draft: What the model file says.
        written: What the configuration says already.
        format_: The model's format.
    """
    from google.protobuf import text_format  # noqa: PLC0415  # slow to import
    from tritonclient.grpc import model_config_pb2  # noqa: PLC0415  # as above

    given = written.message
    message = model_config_pb2.ModelConfig()
    if not (given.backend or given.platform):
        text_format.Parse(format_.line, message)
    if not given.max_batch_size:
        message.max_batch_size = draft.max_batch_size
    if not given.input:
        _add(message.input, draft.inputs, without=_special_inputs(given))
    if not given.output:
        _add(message.output, draft.outputs, without=_special_outputs(given))
    if draft.dynamic_batching and not given.WhichOneof("scheduling_choice"):
        message.dynamic_batching.SetInParent()
    if draft.decoupled and not given.HasField("model_transaction_policy"):
        message.model_transaction_policy.decoupled = True
    return lay_out(message)


def _add(target: Any, tensors: Iterable[DraftTensor], *, without: frozenset[str]) -> None:  # noqa: ANN401  # a protobuf list
    for tensor in tensors:
        if tensor.name in without:
            continue
        made = target.add(name=tensor.name, dims=tensor.dims)
        made.data_type = (
            made.DESCRIPTOR.fields_by_name["data_type"].enum_type.values_by_name[tensor.data_type].number
        )
        if tensor.reshape is not None:
            made.reshape.shape.extend(tensor.reshape)
            made.reshape.SetInParent()
        if tensor.optional:
            made.optional = True
        if tensor.label_file:
            made.label_filename = tensor.label_file


def _special_inputs(given: Any) -> frozenset[str]:  # noqa: ANN401  # a protobuf message
    """Return the inputs of the model that Triton fills itself."""
    sequences = given.sequence_batching
    return frozenset(
        [
            *(control.name for control in sequences.control_input),
            *(state.input_name for state in sequences.state),
            *(name for batch_input in given.batch_input for name in batch_input.target_name),
        ]
    )


def _special_outputs(given: Any) -> frozenset[str]:  # noqa: ANN401  # a protobuf message
    """Return the outputs of the model that Triton keeps to itself."""
    return frozenset(state.output_name for state in given.sequence_batching.state)
