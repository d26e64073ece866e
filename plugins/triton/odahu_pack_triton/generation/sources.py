"""Drafts by the format of the model file: which formats tell their inputs and outputs, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from odahu_pack_triton.config import CONFIG, ModelConfig
from odahu_pack_triton.model_files import (
    DEFAULT_SIGNATURE,
    DEFAULT_TAG,
    ModelFileError,
    opened,
    read_onnx,
    read_saved_model,
    read_torch,
)
from odahu_pack_triton.model_files.onnx_runtime import FIRST_WITH_ONNX_SCALARS
from odahu_pack_triton.releases import Release
from odahu_pack_triton.repository import ModelFolder

from .draft import Draft, IncompleteConfigError
from .from_signature import draft_from
from .python import draft_python


@dataclass(frozen=True)
class Source:
    """A model whose file tells its configuration.

    Args:
        folder: The model's folder.
        path: The model file in it, such as ``1/model.onnx``.
        release: The Triton release that is to load it.
        written: What is configured already.
        max_batch_size: The largest batch that is wanted; None to choose.
    """

    folder: ModelFolder
    path: str
    release: Release
    written: ModelConfig
    max_batch_size: int | None

    @property
    def shown(self) -> str:
        """The model file as the user knows it."""
        return self.folder.shown(self.path)

    def wanting(self, max_batch_size: int) -> Source:
        """Return the same with another batch."""
        return replace(self, max_batch_size=max_batch_size)

    def parameter(self, key: str, default: str) -> str:
        """Return a parameter that is configured already."""
        parameters = self.written.message.parameters
        return str(parameters[key].string_value or default) if key in parameters else default


Drafter = Callable[[Source], Draft]
"""Makes a draft of a model file, or raises `IncompleteConfigError` or `ModelFileError`."""


def draft_onnx(source: Source) -> Draft:
    """Make a draft of an ONNX graph."""
    path = source.path
    if source.folder.is_folder(path):
        path = f"{path}/model.onnx"
    shown = source.folder.shown(path)
    with opened(source.folder, path) as stream:
        signature = read_onnx(stream, shown).signature
    scalars = [tensor.name for tensor in (*signature.inputs, *signature.outputs) if tensor.shape == ()]
    if scalars and source.release.version < FIRST_WITH_ONNX_SCALARS:
        raise IncompleteConfigError(
            f"{shown} has the scalar {scalars[0]!r}, which Triton {source.release.version} cannot serve",
            hint=f"choose triton_base_image_tag {FIRST_WITH_ONNX_SCALARS}-py3 or newer",
        )
    return draft_from(signature, path, source.max_batch_size)


def draft_saved_model(source: Source) -> Draft:
    """Make a draft of the signature of a SavedModel that Triton serves."""
    path = f"{source.path}/saved_model.pb"
    tag = source.parameter("TF_GRAPH_TAG", DEFAULT_TAG)
    wanted = source.parameter("TF_SIGNATURE_DEF", DEFAULT_SIGNATURE)
    shown = source.folder.shown(path)
    with opened(source.folder, path) as stream:
        graph = read_saved_model(stream, shown).graph(tag)
    if graph is None:
        raise IncompleteConfigError(f"{shown} has no graph with the tag {tag!r}")
    served = graph.served(wanted)
    if len(served) != 1:
        raise IncompleteConfigError(
            f"{shown} has no signature {wanted!r}, and {len(served) or 'no'} others",
            hint=f'name one by parameters {{ key: "TF_SIGNATURE_DEF" … }} in {CONFIG}' if served else "",
        )
    name, signature = next(iter(served.items()))
    if any(tensor.shape == () for tensor in (*signature.inputs, *signature.outputs)):
        raise IncompleteConfigError(f"{shown} has scalars, whose shape Triton cannot be told")
    draft = draft_from(signature, path, source.max_batch_size)
    return replace(draft, reasons=(*draft.reasons, f"inputs and outputs: those of the signature {name!r}"))


def _draft_python(source: Source) -> Draft:
    return draft_python(source.folder, source.path, source.written)


def _refuse_torch(source: Source) -> Draft:
    names = ", ".join(_torch_arguments(source))
    takes = f"; forward takes {names}" if names else ""
    raise IncompleteConfigError(
        f"{source.shown} says nothing of the types and shapes of its tensors, as no TorchScript does{takes}",
        hint=f"add {CONFIG} with an input for each argument of forward, and output",
    )


def _torch_arguments(source: Source) -> list[str]:
    try:
        with opened(source.folder, source.path) as stream:
            return [argument.name for argument in read_torch(stream, source.path).arguments or ()]
    except ModelFileError:  # the linter tells what is wrong with the file
        return []


def _refuse_graph_def(source: Source) -> Draft:
    raise IncompleteConfigError(
        f"{source.shown} does not say which of its nodes are the outputs, as no GraphDef does",
        hint=f"add {CONFIG} with input and output, or export a SavedModel",
    )


DRAFTERS: Final[Mapping[str, Drafter]] = {
    "model.graphdef": _refuse_graph_def,
    "model.onnx": draft_onnx,
    "model.pt": _refuse_torch,
    "model.py": _draft_python,
    "model.savedmodel": draft_saved_model,
}
"""Who reads a format, by the fixed name of its file."""
