"""Model files read without the frameworks that wrote them: what their inputs and outputs are."""

from .faults import ModelFileError
from .onnx import OnnxModel, read_onnx
from .signature import ModelSignature, TensorSignature
from .stream import opened

__all__ = [
    "ModelFileError",
    "ModelSignature",
    "OnnxModel",
    "TensorSignature",
    "opened",
    "read_onnx",
]
