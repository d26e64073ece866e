"""The backends of Triton that NVIDIA ships or documents: their names, model files, images and releases.

Sources
-------
Platforms and model files: ``src/constants.h`` and ``AutoCompleteBackendFields`` of
    https://github.com/triton-inference-server/core; ``docs/user_guide/model_repository.md`` of
    https://github.com/triton-inference-server/server; the READMEs of the backends' own repositories.
Releases: notes of 2.5 (20.11: Caffe2 is removed), of 2.43 (24.02 ships without ONNX Runtime), of 21.06.1
    (FIL) and of 2.39 (23.10: vLLM and TensorRT-LLM in containers of their own); server pull request 8068
    (25.03: TensorFlow is gone); the server's ``build.py`` for 20.12, with DALI and without OpenVINO.
    ``first`` errs to the side of an older release where no note says it.
Accelerators: ``docs/user_guide/optimization.md`` of the server and the READMEs of the ONNX Runtime and the
    TensorFlow backend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

CPU: Final = "cpu_execution_accelerator"
GPU: Final = "gpu_execution_accelerator"

ENSEMBLE_PLATFORM: Final = "ensemble"
"""What ``platform`` says of a model made of others."""


@dataclass(frozen=True)
class Backend:
    """A backend that Triton's images have, or once had.

    Args:
        name: What ``backend`` says.
        title: Its name for people.
        platforms: What ``platform`` may say in place of ``backend``; where there is any, Triton refuses
            every other one.
        files: The fixed names of its model file, one of which a version must have where nothing else is
            written; empty where it needs none, or its settings name them.
        first: The oldest release that may have it; empty where that is older than every known one.
        last: The newest that has it; empty where it is still there.
        gap: Releases between them that were shipped without it.
        image: What stands in the tag of the one image that has it; empty for Triton's full image.
        accelerators: Words of ``execution_accelerators`` that it knows, by the field they stand in.
        file_of: Which of the names goes with a platform, where several do; the empty one stands for none.
    """

    name: str
    title: str
    platforms: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    gap: frozenset[str] = frozenset()
    image: str = ""
    accelerators: Mapping[str, frozenset[str]] | None = None
    file_of: Mapping[str, str] = field(default_factory=dict)

    def is_in(self, version: str) -> bool:
        """Tell whether the full image of a release, such as ``24.10``, has it."""
        in_time = self.first <= version and (not self.last or version <= self.last)
        return in_time and version not in self.gap and not self.image


_ONNX_ACCELERATORS: Final = {GPU: frozenset({"tensorrt", "cuda"}), CPU: frozenset({"openvino"})}
_TENSORFLOW_ACCELERATORS: Final = {GPU: frozenset({"tensorrt", "auto_mixed_precision", "gpu_io"})}
_TENSORFLOW_FILES: Final = {
    "tensorflow_savedmodel": "model.savedmodel",
    "tensorflow_graphdef": "model.graphdef",
}
_TORCH_FILES: Final = {
    **dict.fromkeys(("", "pytorch_libtorch", "libtorch"), "model.pt"),
    "torch_aoti": "model.pt2",
}

_ALL: Final = (
    Backend("caffe2", "Caffe2", ("caffe2_netdef",), ("model.netdef",), last="20.10"),
    Backend("dali", "DALI", files=("model.dali", "dali.py"), first="20.11"),
    Backend("fil", "FIL", first="21.06"),
    Backend("identity", "identity"),
    Backend(
        "onnxruntime",
        "ONNX Runtime",
        ("onnxruntime_onnx",),
        ("model.onnx",),
        gap=frozenset({"24.02"}),
        accelerators=_ONNX_ACCELERATORS,
    ),
    Backend("openvino", "OpenVINO", files=("model.xml",), first="21.02"),
    Backend("python", "Python", files=("model.py",)),
    Backend(
        "pytorch",
        "PyTorch",
        ("pytorch_libtorch", "libtorch", "torch_aoti"),
        ("model.pt", "model.pt2"),
        file_of=_TORCH_FILES,
    ),
    Backend("repeat", "repeat"),
    Backend("square", "square"),
    Backend(
        "tensorflow",
        "TensorFlow",
        ("tensorflow_savedmodel", "tensorflow_graphdef"),
        ("model.savedmodel", "model.graphdef"),
        last="25.02",
        accelerators=_TENSORFLOW_ACCELERATORS,
        file_of=_TENSORFLOW_FILES,
    ),
    Backend("tensorrt", "TensorRT", ("tensorrt_plan",), ("model.plan",)),
    Backend("tensorrtllm", "TensorRT-LLM", first="23.10", image="trtllm-python"),
    Backend("vllm", "vLLM", files=("model.json",), first="23.10", image="vllm-python"),
)

BACKENDS: Final[Mapping[str, Backend]] = {backend.name: backend for backend in _ALL}
"""Every known backend by its name."""

PLATFORMS: Final[Mapping[str, Backend]] = {
    platform: backend for backend in _ALL for platform in backend.platforms
}
"""The backend that each platform stands for."""

FILES: Final[Mapping[str, Backend]] = {file: backend for backend in _ALL for file in backend.files}
"""The backend that each fixed file name stands for."""

IMAGES: Final[Mapping[str, Backend]] = {backend.image: backend for backend in _ALL if backend.image}
"""The backend that has an image of its own beside the Python backend, by what the image's tag says.

Source: https://github.com/triton-inference-server/tensorrtllm_backend/issues/401.
"""
