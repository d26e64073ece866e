"""What is known of a model's configuration before it is written."""

from __future__ import annotations

from dataclasses import dataclass

from odahu_pack_core import ArtifactError
from odahu_pack_triton.config import CONFIG


class IncompleteConfigError(ArtifactError):
    """A configuration cannot be made, or not be made complete.

    Args:
        reason: Why, as a sentence that begins with the file that does not say enough.
        hint: What to do instead.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(f"{CONFIG} cannot be made: {reason}", code="config-missing", hint=hint)
        self.reason = reason


@dataclass(frozen=True)
class DraftTensor:
    """An input or output as a configuration has it.

    Args:
        name: Its name.
        data_type: Such as ``TYPE_FP32``.
        dims: Sizes without the batch dimension; -1 for one that varies.
        reshape: The shape that the model sees; None where it is that of ``dims``.
        optional: Whether a request may leave it out.
        label_file: The file with names of classes; empty where there is none.
    """

    name: str
    data_type: str
    dims: tuple[int, ...]
    reshape: tuple[int, ...] | None = None
    optional: bool = False
    label_file: str = ""


@dataclass(frozen=True)
class Draft:
    """A configuration as a model file tells it.

    Args:
        made_from: The file, below the model's folder, such as ``1/model.onnx``.
        inputs: The inputs.
        outputs: The outputs.
        max_batch_size: The largest batch; 0 where the model has no batch dimension.
        dynamic_batching: Whether requests may be put together to a batch.
        decoupled: Whether a request may have several answers.
        reasons: Why it is so, where that is not evident: one sentence each.
        doubts: What Triton, which sees more of the model, may find otherwise: one sentence each.
    """

    made_from: str
    inputs: tuple[DraftTensor, ...]
    outputs: tuple[DraftTensor, ...]
    max_batch_size: int = 0
    dynamic_batching: bool = False
    decoupled: bool = False
    reasons: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
