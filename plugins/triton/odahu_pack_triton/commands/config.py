"""``triton config``: the configuration that a model would be packaged with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click

from odahu_pack_core import (
    ArtifactError,
    PlanError,
    UsageError,
    debug_option,
    did_you_mean,
    to_stderr,
    to_stdout,
    visible,
)
from odahu_pack_triton.config import CONFIG
from odahu_pack_triton.generation import Completed, complete_config
from odahu_pack_triton.releases import Release
from odahu_pack_triton.repository import ModelFolder, ModelRepository

from .opening import OpenedModels, opened_models
from .options import MODEL_PATH, release_option

_EPILOG: Final = """\b
Examples:
  odahuflowctl triton config models/resnet
  odahuflowctl triton config models/ --model resnet --max-batch-size 16 --write
"""


@click.command(epilog=_EPILOG, short_help="Print a model's complete configuration.")
@click.argument("path", type=MODEL_PATH)
@click.option("--model", metavar="NAME", help="Which model, where there are several.")
@click.option(
    "--max-batch-size",
    type=click.IntRange(min=0, max=2**31 - 1),
    help="The largest batch where none is written; 0 for none. Default: as the model file suggests.",
)
@click.option("--write", is_flag=True, help=f"Write it to {CONFIG} in the model's folder.")
@click.option("--force", is_flag=True, help="With --write: also over what is there.")
@release_option
@debug_option
def config(
    *,
    path: Path,
    model: str | None,
    max_batch_size: int | None,
    write: bool,
    force: bool,
    release: Release,
) -> None:
    """Print the complete configuration that a model would be packaged with.

    What is written stays; what is missing is read from the model file: an ONNX graph, a SavedModel, or the
    auto_complete_config of a Python model. What it was made from is told on standard error.

    PATH is a model's folder, a model repository, the files of one model, or an archive of one of these.
    """
    with opened_models(path) as models:
        folder = _chosen(models.repository, model)
        completed = complete_config(folder, release, max_batch_size=max_batch_size)
        to_stderr(_origin(completed, models.shown(folder.config_file), folder))
        if write:
            _write(completed.text, models, folder, force=force)
        else:
            to_stdout(visible(completed.text.rstrip("\n")))


def _chosen(repository: ModelRepository, name: str | None) -> ModelFolder:
    """Return the model that is meant.

    Raises:
        UsageError: There are several and none is named, or none has the name.
    """
    models = repository.models
    if name is None and len(models) == 1:
        return next(iter(models.values()))
    if name is None:
        raise UsageError(
            f"there are several models: {', '.join(models)}", code="several", hint="choose one with --model"
        )
    if name not in models:
        raise UsageError(f"there is no model {name!r}; {did_you_mean(name, models)}", code="no-model")
    return models[name]


def _origin(completed: Completed, file: str, folder: ModelFolder) -> str:
    if not completed.made_from:
        return f"{file}: complete"
    action = "completed from" if folder.has(CONFIG) else "made from"
    reasons = "".join(f"\n  {reason}" for reason in (*completed.reasons, *completed.doubts))
    return f"{file}: {action} {folder.shown(completed.made_from)}{reasons}"


def _write(text: str, models: OpenedModels, folder: ModelFolder, *, force: bool) -> None:
    """Write a configuration into a model's folder.

    Raises:
        UsageError: That is in an archive.
        PlanError: There is a configuration already.
        ArtifactError: The folder cannot be written to.
    """
    if not models.path.is_dir():
        raise UsageError(f"{models.path} is an archive; print the configuration and add it", code="archive")
    target = models.path / folder.config_file
    if folder.has(CONFIG) and folder.read_text(CONFIG) == text:
        return
    try:
        _put(target, text, force=force)
    except FileExistsError:
        raise PlanError(
            f"{target} is there already", code="exists", hint="write over it with --force"
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ArtifactError(f"cannot write {target}: {reason}", code="unwritable") from None
    to_stderr(f"{target}: written")


def _put(target: Path, text: str, *, force: bool) -> None:
    """Write a file whole or not at all: a full disk costs nobody the configuration that is there."""
    draft = target.with_name(f".{target.name}.{os.getpid()}") if force else target
    with draft.open("x", encoding="utf-8", newline="") as stream:
        try:
            stream.write(text)
            stream.flush()
        except OSError:
            draft.unlink()
            raise
    if force:
        draft.replace(target)
