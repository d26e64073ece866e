"""Model files read without the frameworks that wrote them: what their inputs and outputs are."""

from .faults import ModelFileError
from .graph_def import GraphDef, read_graph_def
from .onnx import OnnxModel, read_onnx
from .openvino import OpenVinoModel, read_openvino
from .reading import ModelFile, model_files
from .saved_model import DEFAULT_SIGNATURE, DEFAULT_TAG, MetaGraph, SavedModel, read_saved_model
from .signature import ModelSignature, TensorSignature
from .stream import opened
from .torch_script import TorchArgument, TorchFile, read_torch
from .vllm import VllmModel, read_vllm

__all__ = [
    "DEFAULT_SIGNATURE",
    "DEFAULT_TAG",
    "GraphDef",
    "MetaGraph",
    "ModelFile",
    "ModelFileError",
    "ModelSignature",
    "OnnxModel",
    "OpenVinoModel",
    "SavedModel",
    "TensorSignature",
    "TorchArgument",
    "TorchFile",
    "VllmModel",
    "model_files",
    "opened",
    "read_graph_def",
    "read_onnx",
    "read_openvino",
    "read_saved_model",
    "read_torch",
    "read_vllm",
]
