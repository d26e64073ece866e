"""The model formats that Triton serves, each known by the fixed name of its file.

Source of the names: https://github.com/triton-inference-server/server, docs/user_guide/model_repository.md;
``model.netdef`` with ``init_model.netdef``, as releases up to 20.10 know them. What else is known of the
backends is in ``backends.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class ModelFormat:
    """A format that Triton serves.

    Args:
        title: Its name for people.
        file: The fixed name of its file or folder.
        shape: Whether that is a file, a folder, or may be either.
        backend: The backend that serves it.
        platform: What a configuration may write as ``platform`` in place of ``backend``; empty where none is.
        describes_itself: Whether Triton reads inputs and outputs from the model, so that it needs no
            configuration.
        companion: Another file that must be beside it; empty where none is.
        by_suffix: Whether any file with the same ending is likely to be meant as one.
    """

    title: str
    file: str
    shape: Literal["file", "folder", "either"]
    backend: str
    platform: str = ""
    describes_itself: bool = False
    companion: str = ""
    by_suffix: bool = True

    @property
    def line(self) -> str:
        """The line of a configuration that names this format in every release."""
        return f'platform: "{self.platform}"' if self.platform else f'backend: "{self.backend}"'


PYTHON: Final = ModelFormat("Python", "model.py", "file", "python")
_TENSORRT = ModelFormat("TensorRT", "model.plan", "file", "tensorrt", "tensorrt_plan", describes_itself=True)
_SAVED_MODEL = ModelFormat(
    "TensorFlow SavedModel",
    "model.savedmodel",
    "folder",
    "tensorflow",
    "tensorflow_savedmodel",
    describes_itself=True,
)
_GRAPH_DEF = ModelFormat("TensorFlow GraphDef", "model.graphdef", "file", "tensorflow", "tensorflow_graphdef")
_ONNX = ModelFormat("ONNX", "model.onnx", "either", "onnxruntime", "onnxruntime_onnx", describes_itself=True)
_TORCH_SCRIPT = ModelFormat("TorchScript", "model.pt", "file", "pytorch", "pytorch_libtorch")
_CAFFE2 = ModelFormat(
    "Caffe2 NetDef", "model.netdef", "file", "caffe2", "caffe2_netdef", companion="init_model.netdef"
)

_OPENVINO = ModelFormat(
    "OpenVINO",
    "model.xml",
    "file",
    "openvino",
    describes_itself=True,
    by_suffix=False,
)
_DALI = ModelFormat("DALI", "model.dali", "file", "dali")

FORMATS: Final = (
    PYTHON,
    _TENSORRT,
    _SAVED_MODEL,
    _GRAPH_DEF,
    _ONNX,
    _TORCH_SCRIPT,
    _CAFFE2,
    _OPENVINO,
    _DALI,
)
"""Every format that docker-triton knows."""
