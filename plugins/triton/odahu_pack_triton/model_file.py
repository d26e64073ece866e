"""Which file of an artifact is the model, and what comes near to one where none is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from odahu_pack_core import ArtifactEntry, ArtifactError, Decision, ModelArtifact, did_you_mean

from .config import CONFIG, ModelConfig
from .config_checks import names as names_format
from .formats import FORMATS, PYTHON, ModelFormat
from .repository import Form, form_of

_BY_SUFFIX: Final[Mapping[str, str]] = {
    **{PurePosixPath(format_.file).suffix: format_.file for format_ in FORMATS},
    ".engine": "model.plan",
    ".trt": "model.plan",
    ".pb": "model.graphdef",
    ".pth": "model.pt",
    ".torchscript": "model.pt",
}
_LEADER: Final[Mapping[str, str]] = {
    format_.companion: format_.file for format_ in FORMATS if format_.companion
}


def choose_format(artifact: ModelArtifact, config: ModelConfig | None) -> tuple[ModelFormat, Decision]:
    """Return the format of the artifact's model, and why it is this one.

    Where several model files are there, such as ``model.pt`` beside the ``model.py`` that loads it, the
    configuration says which of them Triton is to load.

    Args:
        artifact: The artifact.
        config: Its configuration; None where it has none.

    Raises:
        ArtifactError: There is no model file, or nothing says which of several it is, or it is not whole.
    """
    tops = _tops(artifact.entries)
    found = [format_ for format_ in FORMATS if format_.file in tops]
    if not found:
        raise _no_model_file(artifact)
    names = ", ".join(format_.file for format_ in found)
    chosen, reason = found, f"{names} is there"
    if len(found) > 1:
        chosen = [format_ for format_ in found if config is not None and names_format(config, format_)]
        reason = f"{CONFIG} names it, of {names}"
    if len(chosen) != 1:
        raise ArtifactError(
            f"the artifact has several model files: {names}",
            code="several-model-files",
            hint=f"keep one, or name its backend in {CONFIG}",
        )
    _check_whole(chosen[0], artifact, tops)
    return chosen[0], Decision("model", chosen[0].title, reason)


def resembles_model(entries: Iterable[ArtifactEntry]) -> bool:
    """Tell whether anything in an artifact looks as if it was meant for Triton."""
    entries = tuple(entries)
    tops = _tops(entries)
    model = CONFIG in tops or any(format_.file in tops for format_ in FORMATS)
    return model or form_of(entries) is not Form.FLAT or any(_near_misses(entries))


def _tops(entries: Iterable[ArtifactEntry]) -> dict[str, bool | None]:
    """Return what is at the root: name to whether it is a folder, None for a link."""
    tops: dict[str, bool | None] = {}
    for entry in entries:
        top, slash, _ = entry.path.partition("/")
        if slash:
            tops[top] = True
        else:
            tops.setdefault(top, None if entry.link else entry.is_folder)
    return tops


def _check_whole(format_: ModelFormat, artifact: ModelArtifact, tops: Mapping[str, bool | None]) -> None:
    is_folder = tops[format_.file]
    if is_folder is None:
        is_folder = (artifact.root / format_.file).is_dir()
    if format_.shape != "either" and is_folder != (format_.shape == "folder"):
        raise ArtifactError(f"{format_.file} must be a {format_.shape}", code="model-file-shape")
    if format_.companion and format_.companion not in tops:
        raise ArtifactError(
            f"{format_.file} needs {format_.companion} beside it, which the artifact lacks", code="incomplete"
        )


def _no_model_file(artifact: ModelArtifact) -> ArtifactError:
    """Return the error of an artifact without a model file, with what comes near to one."""
    expected = ", ".join(f"{f.file}{'/' if f.shape == 'folder' else ''} ({f.title})" for f in FORMATS)
    return ArtifactError(
        f"the artifact has no model file at its root; Triton expects one of {expected}",
        code="no-model-file",
        hint="\n".join(_near_misses(artifact.entries)),
    )


def _near_misses(entries: Iterable[ArtifactEntry]) -> Iterator[str]:
    """Say of what is in the artifact how it may have been meant."""
    entries = tuple(entries)
    for top in _tops(entries):
        if top == "saved_model.pb":
            yield "saved_model.pb and what is beside it belong into a folder model.savedmodel/"
        elif top in _LEADER:
            yield f"{top} needs {_LEADER[top]} beside it"
        elif meant := _meant(top):
            yield f"{top}: rename it to {meant}"
    for entry in entries:
        folder, _, rest = entry.path.partition("/")
        if rest == CONFIG:
            yield f"{folder}/ looks like a folder of a model repository; its files belong at the root"


def _meant(name: str) -> str:
    """Return the model file that a name resembles; nothing when it resembles none."""
    meant = _BY_SUFFIX.get(PurePosixPath(name).suffix.lower(), "")
    if meant == PYTHON.file and not did_you_mean(name, [meant]).startswith("did you mean"):
        return ""
    return meant
