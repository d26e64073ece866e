"""Which format a model has, and what comes near to one where nothing is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

from odahu_pack_core import ArtifactEntry, ArtifactError, Decision, did_you_mean

from .config import CONFIG, ModelConfig
from .formats import FORMATS, PYTHON, ModelFormat
from .repository import Form, ModelFolder, form_of

_BY_SUFFIX: Final[Mapping[str, str]] = {
    **{PurePosixPath(format_.file).suffix: format_.file for format_ in FORMATS if format_.by_suffix},
    ".engine": "model.plan",
    ".trt": "model.plan",
    ".pb": "model.graphdef",
    ".pth": "model.pt",
    ".torchscript": "model.pt",
}
_LEADER: Final[Mapping[str, str]] = {
    format_.companion: format_.file for format_ in FORMATS if format_.companion
}


def choose_format(folder: ModelFolder, config: ModelConfig) -> tuple[ModelFormat | None, Decision]:
    """Return the format of a model, None where it is none of ours, and why it is this one.

    Where several model files are there, such as ``model.pt`` beside the ``model.py`` that loads it, the
    configuration says which of them Triton is to load.

    Args:
        folder: The model's folder.
        config: Its configuration.

    Raises:
        ArtifactError: Nothing says what the model is, or nothing says which of several.
    """
    if config.is_ensemble:
        return None, Decision("model", "ensemble", f"{CONFIG} says so")
    found = [format_ for format_ in FORMATS if _is_there(format_, folder)]
    written = str(config.message.backend or config.message.platform)
    if not written:
        chosen = _only(found, folder)
        return chosen, Decision("model", chosen.title, f"{chosen.file} is there")
    named = [format_ for format_ in FORMATS if _is_named(format_, config)]
    if not named:
        return None, Decision("model", written, f"{CONFIG} names it")
    chosen = _only([format_ for format_ in found if format_ in named] or named[:1], folder)
    others = f", of {_listed(found)}" if len(found) > 1 else ""
    return chosen, Decision("model", chosen.title, f"{CONFIG} names it{others}")


def resembles_model(entries: Iterable[ArtifactEntry]) -> bool:
    """Tell whether anything in an artifact looks as if it was meant for Triton."""
    entries = tuple(entries)
    tops = {entry.path.partition("/")[0] for entry in entries}
    model = CONFIG in tops or any(format_.file in tops for format_ in FORMATS)
    return model or form_of(entries) is not Form.FLAT or any(_near_misses(tops))


def _is_there(format_: ModelFormat, folder: ModelFolder) -> bool:
    return any(folder.has(f"{version}/{format_.file}") for version in folder.versions)


def _is_named(format_: ModelFormat, config: ModelConfig) -> bool:
    """Tell whether what is written stands for a format, and nothing against it."""
    message = config.message
    return message.platform in {"", format_.platform} and message.backend in {"", format_.backend}


def _only(found: Sequence[ModelFormat], folder: ModelFolder) -> ModelFormat:
    if not found:
        raise _no_model_file(folder)
    if len(found) > 1:
        raise ArtifactError(
            f"the model {folder.name} has several model files: {_listed(found)}",
            code="several-model-files",
            hint=f"keep one, or name its backend in {folder.config_file}",
        )
    return found[0]


def _listed(formats: Iterable[ModelFormat]) -> str:
    return ", ".join(format_.file for format_ in formats)


def _no_model_file(folder: ModelFolder) -> ArtifactError:
    """Return the error of a model without a model file, with what comes near to one."""
    expected = ", ".join(f"{f.file}{'/' if f.shape == 'folder' else ''} ({f.title})" for f in FORMATS)
    names = [name for version in folder.versions for name in folder.names(str(version))]
    stray = [name for name in folder.names("") if any(name == format_.file for format_ in FORMATS)]
    hints = [f"{name} belongs into a numbered folder: {folder.name}/1/{name}" for name in stray]
    return ArtifactError(
        f"the model {folder.name} has no model file; Triton expects one of {expected}",
        code="no-model-file",
        hint="\n".join([*hints, *dict.fromkeys(_near_misses(names))]),
    )


def _near_misses(names: Iterable[str]) -> Iterator[str]:
    """Say of what lies where a model file is due how it may have been meant."""
    for name in names:
        if name == "saved_model.pb":
            yield "saved_model.pb and what is beside it belong into a folder model.savedmodel/"
        elif name in _LEADER:
            yield f"{name} needs {_LEADER[name]} beside it"
        elif meant := _meant(name):
            yield f"{name}: rename it to {meant}"


def _meant(name: str) -> str:
    """Return the model file that a name resembles; nothing when it resembles none."""
    meant = _BY_SUFFIX.get(PurePosixPath(name).suffix.lower(), "")
    if meant == PYTHON.file and not did_you_mean(name, [meant]).startswith("did you mean"):
        return ""
    return meant
