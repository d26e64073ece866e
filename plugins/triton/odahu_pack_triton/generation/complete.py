"""A model's configuration made complete: what is missing is told by the model file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from odahu_pack_triton.config import CONFIG, ModelConfig, parse_config
from odahu_pack_triton.formats import FORMATS, ModelFormat
from odahu_pack_triton.model_files import opened, read_onnx
from odahu_pack_triton.releases import Release
from odahu_pack_triton.repository import ModelFolder

from .addition import addition
from .draft import Draft, IncompleteConfigError
from .from_signature import draft_from


@dataclass(frozen=True)
class Completed:
    """A complete configuration.

    Args:
        text: The text of ``config.pbtxt``: what was written, with what was missing below it.
        made_from: The file that told what was missing, below the model's folder; empty where nothing was.
        reasons: What was chosen and why, one sentence each.
    """

    text: str
    made_from: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A model whose file tells its configuration.

    Args:
        folder: The model's folder.
        path: The model file in it, such as ``1/model.onnx``.
        release: The Triton release that is to load it.
        max_batch_size: The largest batch that is wanted; None to choose.
    """

    folder: ModelFolder
    path: str
    release: Release
    max_batch_size: int | None


Drafter = Callable[[Source], Draft]
"""Makes a draft of a model file, or raises `IncompleteConfigError` or `ModelFileError`."""


def _draft_onnx(source: Source) -> Draft:
    path = source.path
    if source.folder.is_folder(path):
        path = f"{path}/model.onnx"
    with opened(source.folder, path) as stream:
        return draft_from(read_onnx(stream, path).signature, source.max_batch_size)


_DRAFTERS: Final[Mapping[str, Drafter]] = {"model.onnx": _draft_onnx}
"""Who reads a format, by the fixed name of its file."""


def complete_config(folder: ModelFolder, release: Release, *, max_batch_size: int | None = None) -> Completed:
    """Return a model's configuration with everything that Triton needs.

    What is written stays as it is, comments too. A configuration with inputs and outputs is complete.

    Args:
        folder: The model's folder.
        release: The Triton release that is to load it.
        max_batch_size: The largest batch where none is written, 0 for no batches; None to choose.

    Raises:
        ConfigTextError: What is written is not a model configuration.
        IncompleteConfigError: The model file does not tell what is missing; the message says why.
        ModelFileError: The model file is not what its name says.
    """
    text = folder.read_text(CONFIG) if folder.has(CONFIG) else ""
    written = parse_config(text, folder.config_file)
    if written.message.input and written.message.output:
        return Completed(text)
    format_, path = _model_file(folder, written)
    wanted = _written_batch(written)
    draft = _DRAFTERS[format_.file](
        Source(folder, path, release, max_batch_size if wanted is None else wanted)
    )
    added = addition(draft, written, format_)
    parts = [text.rstrip("\n"), added.rstrip("\n")]
    return Completed("\n".join(filter(None, parts)) + "\n", draft.made_from, draft.reasons)


def _written_batch(written: ModelConfig) -> int | None:
    """Return the written ``max_batch_size``; None where none is, although its value is 0 then."""
    is_written = written.place(("max_batch_size",)) is not None
    return int(written.message.max_batch_size) if is_written else None


def _model_file(folder: ModelFolder, written: ModelConfig) -> tuple[ModelFormat, str]:
    """Return the format and the path of the model file in the newest version."""
    if not folder.versions:
        raise IncompleteConfigError(f"{folder.name} has no version, such as {folder.name}/1")
    version = str(folder.versions[-1])
    found = list(_formats(folder, version, written.message))
    if not found:
        raise IncompleteConfigError(f"{folder.name}/{version} holds no model file that is known")
    if len(found) > 1:
        names = ", ".join(path for _, path in found)
        raise IncompleteConfigError(
            f"nothing says which of {names} is the model", hint=f"write backend into {CONFIG}"
        )
    format_, path = found[0]
    if format_.file not in _DRAFTERS:
        raise IncompleteConfigError(
            f"inputs and outputs of {format_.title} models cannot be read from {path}",
            hint=f"add {CONFIG} with input and output",
        )
    return format_, path


def _formats(folder: ModelFolder, version: str, message: Any) -> Iterator[tuple[ModelFormat, str]]:  # noqa: ANN401  # a protobuf message
    named = {message.backend, message.platform} - {""}
    for format_ in FORMATS:
        if named and not named & {format_.backend, format_.platform}:
            continue
        path = f"{version}/{message.default_model_filename or format_.file}"
        if folder.has(path):
            yield format_, path
