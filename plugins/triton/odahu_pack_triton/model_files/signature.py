"""What a model file says of its inputs and outputs, in Triton's words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TensorSignature:
    """One input or output.

    Args:
        name: Its name.
        data_type: Such as ``TYPE_FP32``; empty where the file does not say, or Triton has no such type.
        shape: Sizes with the batch dimension, if the model has one; -1 for a size that varies. None where
            the file does not say.
        axes: The names that the file gives to sizes that vary, such as ``batch``; empty ones where it gives
            none. As long as the shape, or empty.
        foreign: What the file calls the type, such as ``sequence``, where Triton has no such.
    """

    name: str
    data_type: str = ""
    shape: tuple[int, ...] | None = None
    axes: tuple[str, ...] = ()
    foreign: str = ""


@dataclass(frozen=True)
class ModelSignature:
    """All inputs and outputs.

    Args:
        file: The file or folder that says so, below the model's folder, such as ``1/model.onnx``.
        inputs: The inputs that a request gives.
        outputs: The outputs.
        optional: Inputs with a value of their own, which a request may give in its place.
    """

    file: str
    inputs: tuple[TensorSignature, ...]
    outputs: tuple[TensorSignature, ...]
    optional: tuple[TensorSignature, ...] = ()
