"""What a GPPI model says of itself in ``init()`` and ``info()``, read without running them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from odahu_pack_core import ArtifactError, GppiManifest, ModelArtifact
from odahu_pack_core.gppi_runtime import MATRIX, OBJECTS, Signature, read_signature
from odahu_pack_core.gppi_runtime.tensors import Layout, input_layout, output_layout
from odahu_pack_triton.generation.draft import DraftTensor
from odahu_pack_triton.python_source import CannotTellError, SourceModule, read_module

_FUNCTIONS: Final = ("info", "get_info")


class NotToldError(Exception):
    """The source of an entrypoint does not tell its inputs and outputs; the message says why."""


@dataclass(frozen=True)
class Description:
    """A model's inputs and outputs, as the runtime in the image will see them.

    Args:
        origin: Who says so, in words.
        mode: Its prediction mode.
        signature: What it says about itself.
    """

    origin: str
    mode: str
    signature: Signature

    def inputs(self, *, batched: bool) -> tuple[DraftTensor, ...]:
        """Return the inputs for Triton.

        Args:
            batched: Whether Triton adds the batch dimension itself.
        """
        layouts = input_layout(self.mode, self.signature)
        return tuple(
            _tensor(layout, batched=batched, optional=len(layouts) > 1 and self._is_optional(layout))
            for layout in layouts
        )

    def outputs(self, *, batched: bool) -> tuple[DraftTensor, ...]:
        """Return the outputs for Triton, as `inputs` does."""
        layouts = output_layout(self.mode, self.signature)
        return tuple(_tensor(layout, batched=batched, optional=False) for layout in layouts)

    def _is_optional(self, layout: Layout) -> bool:
        return not any(self.signature.inputs[column].required for column in layout.columns)


def read_description(artifact: ModelArtifact) -> Description:
    """Return what a model says of itself.

    Raises:
        NotToldError: The source alone does not tell.
    """
    manifest = artifact.manifest
    assert isinstance(manifest, GppiManifest)  # noqa: S101  # the reader of this kind sees to it
    file = _entrypoint_file(artifact, manifest)
    module = _module(artifact, file)
    try:
        mode = module.call("init")
        if mode not in {MATRIX, OBJECTS}:
            raise NotToldError(f"{file}: init() returns neither {MATRIX!r} nor {OBJECTS!r}")
        return _described(module, file, str(mode))
    except CannotTellError as error:
        raise NotToldError(f"{file}, {error}") from None


def _entrypoint_file(artifact: ModelArtifact, manifest: GppiManifest) -> str:
    module = PurePosixPath(manifest.model.work_dir, *manifest.model.entrypoint.split("."))
    for candidate in (f"{module}.py", f"{module}/__init__.py"):
        if artifact.has(candidate):
            return candidate
    raise NotToldError(f"{module} is no Python source")


def _module(artifact: ModelArtifact, file: str) -> SourceModule:
    try:
        return read_module(artifact.read_text(file))
    except SyntaxError as error:
        # The image's Python may know what this one does not.
        raise NotToldError(f"{file}, line {error.lineno or 1}: {error.msg}") from None
    except (ArtifactError, ValueError, RecursionError, MemoryError):
        raise NotToldError(f"{file} is not Python source that can be read") from None


def _described(module: SourceModule, file: str, mode: str) -> Description:
    for name in _FUNCTIONS:
        if module.defines(name):
            inputs, outputs = _lists(module.call(name), f"{file}: {name}()")
            return Description(f"{name}() in {file}", mode, read_signature(inputs, outputs))
    return Description(f"{file}, which has no info()", mode, read_signature([], []))


def _lists(told: object, place: str) -> Sequence[Sequence[dict[str, Any]]]:
    parts = told if isinstance(told, (list, tuple)) else ()
    if len(parts) != len(("inputs", "outputs")) or not all(map(_describes_columns, parts)):
        raise NotToldError(f"{place} returns something else than lists of inputs and outputs")
    return parts


def _describes_columns(part: object) -> bool:
    return isinstance(part, (list, tuple)) and all(
        isinstance(column, dict) and "name" in column and all(isinstance(key, str) for key in column)
        for column in part
    )


def _tensor(layout: Layout, *, batched: bool, optional: bool) -> DraftTensor:
    shape: Iterable[int] = layout.shape[1:] if batched else layout.shape
    data_type = "TYPE_STRING" if layout.datatype == "BYTES" else f"TYPE_{layout.datatype}"
    return DraftTensor(layout.name, data_type, tuple(shape), optional=optional)
