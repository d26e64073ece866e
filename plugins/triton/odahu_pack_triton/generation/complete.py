"""A model's configuration made complete: what is missing is told by the model file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from odahu_pack_triton.config import CONFIG, ModelConfig, parse_config
from odahu_pack_triton.formats import FORMATS, ModelFormat
from odahu_pack_triton.releases import Release
from odahu_pack_triton.repository import ModelFolder

from .addition import addition
from .draft import Draft, IncompleteConfigError
from .labels import with_labels
from .sources import DRAFTERS, Source


@dataclass(frozen=True)
class Completed:
    """A complete configuration.

    Args:
        text: The text of ``config.pbtxt``: what was written, with what was missing below it.
        made_from: The file that told what was missing, below the model's folder; empty where nothing was.
        reasons: What was chosen and why, one sentence each.
        doubts: What Triton, which sees more of the model, may find otherwise, one sentence each; where a
            release completes configurations by itself, it does so better.
    """

    text: str
    made_from: str = ""
    reasons: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def complete_config(folder: ModelFolder, release: Release, *, max_batch_size: int | None = None) -> Completed:
    """Return a model's configuration with everything that Triton needs.

    What is written stays as it is, comments too. A configuration with backend, inputs and outputs is
    complete, and so is an ensemble.

    Args:
        folder: The model's folder.
        release: The Triton release that is to load it.
        max_batch_size: The largest batch where none is written, 0 for no batches; None to choose.

    Raises:
        ArtifactError: What is written cannot be read.
        ConfigTextError: What is written is not a model configuration.
        IncompleteConfigError: The model file does not tell what is missing; the message says why.
        ModelFileError: The model file is not what its name says.
    """
    text = folder.config.text
    written = parse_config(text, folder.config_file)
    message = written.message
    if written.is_ensemble or (_has_tensors(message) and (message.backend or message.platform)):
        return Completed(text)
    format_, path = _model_file(folder, written)
    if _has_tensors(message):
        return Completed(
            _joined(text, format_.line), path, (f"{format_.line}: {folder.shown(path)} is there",)
        )
    draft = with_labels(_draft(Source(folder, path, release, written, max_batch_size), format_), folder)
    completed = _joined(text, addition(draft, written, format_))
    return Completed(completed, draft.made_from, draft.reasons, draft.doubts)


def _has_tensors(message: Any) -> bool:  # noqa: ANN401  # a protobuf message, as below
    return bool(message.input and message.output)


def _joined(text: str, added: str) -> str:
    return "\n".join(filter(None, [text.rstrip("\n"), added.rstrip("\n")])) + "\n"


def _draft(source: Source, format_: ModelFormat) -> Draft:
    """Make the draft that fits what is written already."""
    if format_.file not in DRAFTERS:
        raise IncompleteConfigError(
            f"inputs and outputs of {format_.title} models cannot be read from {source.shown}",
            hint=f"add {CONFIG} with input and output",
        )
    make = DRAFTERS[format_.file]
    message = source.written.message
    if source.written.place(("max_batch_size",)) is not None:
        return make(source.wanting(int(message.max_batch_size)))
    draft = make(source)
    if draft.max_batch_size and not _fits(draft, message):
        # Inputs or outputs are written with the batch as one of their sizes.
        return make(source.wanting(0))
    return draft


def _fits(draft: Draft, message: Any) -> bool:  # noqa: ANN401  # as above
    """Tell whether the tensors that are written have as many dimensions as the draft's."""
    drafted = {tensor.name: len(tensor.dims) for tensor in (*draft.inputs, *draft.outputs)}
    written = {spec.name: len(spec.dims) for spec in (*message.input, *message.output)}
    return all(drafted[name] == count for name, count in written.items() if name in drafted)


def _model_file(folder: ModelFolder, written: ModelConfig) -> tuple[ModelFormat, str]:
    """Return the format and the path of the model file in the newest version."""
    if not folder.versions:
        raise IncompleteConfigError(f"{folder.name} has no version, such as {folder.name}/1")
    version = str(folder.versions[-1])
    found = list(_formats(folder, version, written.message))
    if not found:
        raise IncompleteConfigError(f"version {version} of {folder.name} holds no model file that is known")
    if len(found) > 1:
        names = ", ".join(folder.shown(path) for _, path in found)
        raise IncompleteConfigError(
            f"nothing says which of {names} is the model", hint=f"write backend into {CONFIG}"
        )
    return found[0]


def _formats(folder: ModelFolder, version: str, message: Any) -> Iterator[tuple[ModelFormat, str]]:  # noqa: ANN401  # as above
    named = {message.backend, message.platform} - {""}
    for format_ in FORMATS:
        if named and not named & {format_.backend, format_.platform}:
            continue
        path = f"{version}/{message.default_model_filename or format_.file}"
        if folder.has(path):
            yield format_, path
