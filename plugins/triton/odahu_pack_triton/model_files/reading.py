"""The model files of a folder's versions, each read once by the reader of its format."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Literal

from odahu_pack_core import ArtifactError
from odahu_pack_triton.repository import ModelFolder

from .faults import ModelFileError
from .graph_def import GraphDef, read_graph_def
from .onnx import OnnxModel, read_onnx
from .openvino import OpenVinoModel, read_openvino
from .saved_model import SavedModel, read_saved_model
from .stream import opened
from .torch_script import TorchFile, read_torch
from .vllm import VllmModel, read_vllm

Flaw = Literal["", "empty", "pointer", "other", "unreadable"]
"""Why a file is no model: it is empty, a pointer of Git LFS, of another format, or cannot be read."""
Content = OnnxModel | SavedModel | GraphDef | TorchFile | OpenVinoModel | VllmModel
Reader = Callable[[BinaryIO, str], Content]

_HEAD: Final = 512
_CODE: Final = "model.py"
_POINTER: Final = b"version https://git-lfs.github.com/spec/"
_ORT_FORMAT: Final = b"ORTM"
"""Bytes 4 to 7 of a model in ONNX Runtime's own format, which it loads as well."""
_PAGES: Final = (b"<!doctype html", b"<html")
_OTHERS: Final = {
    b"PK\x03\x04": "it is a zip archive",
    b"\x80\x02": "it is a pickle",
    b"\x80\x03": "it is a pickle",
    b"\x80\x04": "it is a pickle",
    b"\x80\x05": "it is a pickle",
    b"\x89HDF\r\n": "it is an HDF5 file, as Keras writes them",
    b"\x1f\x8b": "it is compressed with gzip",
}
"""Beginnings of files that are no model of a format, unless the format says so."""


@dataclass(frozen=True)
class _Format:
    """A format whose files are looked into.

    Args:
        file: The fixed name of its file or folder.
        names: What a configuration writes as ``backend`` or ``platform``.
        inner: The file to read where the fixed name is that of a folder.
        read: Reads it; None where only the beginning is looked at.
        own: Beginnings that other formats do not have.
        suffix: The only ending of a file that is read; empty for any.
        is_folder: Whether a file of this name is none, which other rules tell.
        is_plain_name: Whether the name alone tells nothing, so that the backend must be configured.
    """

    file: str
    names: frozenset[str]
    inner: str = ""
    read: Reader | None = None
    own: tuple[bytes, ...] = ()
    suffix: str = ""
    is_folder: bool = False
    is_plain_name: bool = False

    def may_be(self, named: str) -> bool:
        """Tell whether a configuration that names this platform or backend can mean this format."""
        return named in self.names if named else not self.is_plain_name

    def is_at(self, path: str, folder: ModelFolder) -> bool:
        """Tell whether a path can be one of this format."""
        return path.endswith(self.suffix) and (folder.is_folder if self.is_folder else folder.has)(path)


_FORMATS: Final = (
    _Format("model.onnx", frozenset({"onnxruntime", "onnxruntime_onnx"}), "model.onnx", read_onnx),
    _Format(
        "model.savedmodel",
        frozenset({"tensorflow", "tensorflow_savedmodel"}),
        "saved_model.pb",
        read_saved_model,
        is_folder=True,
    ),
    _Format("model.graphdef", frozenset({"tensorflow", "tensorflow_graphdef"}), read=read_graph_def),
    _Format("model.pt", frozenset({"pytorch", "pytorch_libtorch"}), read=read_torch, own=(b"PK", b"\x80")),
    _Format("model.plan", frozenset({"tensorrt", "tensorrt_plan"})),
    # The backend loads files of other formats, too, by their endings.
    _Format("model.xml", frozenset({"openvino"}), read=read_openvino, suffix=".xml"),
    _Format("model.json", frozenset({"vllm"}), read=read_vllm, is_plain_name=True),
)


@dataclass(frozen=True)
class ModelFile:
    """The model file of one version.

    Args:
        path: The file that was read, below the model's folder.
        shown: The same as the user knows it.
        content: What it says; None where it is not, or cannot be, read.
        flaw: Why it is no model; empty where it is one.
        reason: The same in words.
    """

    path: str
    shown: str
    content: Content | None = None
    flaw: Flaw = ""
    reason: str = ""


def model_files(
    folder: ModelFolder,
    message: Any,  # noqa: ANN401  # a protobuf message
    versions: Iterable[int],
) -> Iterator[ModelFile]:
    """Yield the model file of each version, where its format is one that is looked into.

    Args:
        folder: The model's folder.
        message: Its configuration, as ``inference.ModelConfig``.
        versions: The versions that are loaded.
    """
    named = message.platform or message.backend  # a platform tells more
    if not named and any(folder.has(f"{version}/{_CODE}") for version in folder.versions):
        return  # the code may be the model, which reads the other files by itself
    for version in versions:
        for format_ in _FORMATS:
            path = f"{version}/{message.default_model_filename or format_.file}"
            if format_.may_be(named) and format_.is_at(path, folder):
                yield _read_once(folder, path, format_)
                break


def _read_once(folder: ModelFolder, path: str, format_: _Format) -> ModelFile:
    known = _known(folder)
    key = path, format_.file
    if key not in known:
        known[key] = _read(folder, path, format_)
    return known[key]


def _read(folder: ModelFolder, path: str, format_: _Format) -> ModelFile:
    if folder.is_folder(path):
        path = f"{path}/{format_.inner}"
        if not format_.inner or not folder.has(path) or folder.is_folder(path):
            return ModelFile(path, folder.shown(path), flaw="unreadable", reason=f"{path} is not there")
    shown = folder.shown(path)
    try:
        with opened(folder, path) as stream:
            head = stream.read(_HEAD)
            flaw, reason = _judge(head, format_.own)
            if flaw or format_.read is None or head[4:8] == _ORT_FORMAT:
                return ModelFile(path, shown, flaw=flaw, reason=reason)
            return ModelFile(path, shown, format_.read(stream, path))
    except ModelFileError as error:
        return ModelFile(path, shown, flaw="other", reason=error.reason)
    except ArtifactError as error:
        return ModelFile(path, shown, flaw="unreadable", reason=error.message)


def _judge(head: bytes, own: tuple[bytes, ...]) -> tuple[Flaw, str]:
    """Tell by its beginning what a file is that can be no model of any format."""
    if not head:
        return "empty", "it is empty"
    if head.startswith(_POINTER):
        return "pointer", "it is a pointer of Git LFS, not the model itself"
    if head.lstrip().lower().startswith(_PAGES):
        return "other", "it is an HTML page"
    if head.startswith(own):
        return "", ""
    return next((("other", told) for magic, told in _OTHERS.items() if head.startswith(magic)), ("", ""))


_Known = dict[tuple[str, str], ModelFile]
_BY_FOLDER: Final[dict[int, _Known]] = {}


def _known(folder: ModelFolder) -> _Known:
    """Return what was read of a folder, which is forgotten with it."""
    if id(folder) not in _BY_FOLDER:
        _BY_FOLDER[id(folder)] = {}
        weakref.finalize(folder, _BY_FOLDER.pop, id(folder), None)
    return _BY_FOLDER[id(folder)]
