"""The ``config.pbtxt`` of an image: the artifact's own, completed, or a new one."""

from __future__ import annotations

from collections.abc import Iterator

from odahu_pack_core import ArtifactError, Decision, PlanError

from .config import CONFIG, ENVIRONMENT_PARAMETER, ModelConfig
from .formats import PYTHON, ModelFormat
from .generation import IncompleteConfigError, complete_config
from .model_files import ModelFileError
from .python_model import completes_its_config
from .releases import RELEASES, Release
from .repository import ModelFolder


def image_config(
    folder: ModelFolder, config: ModelConfig, format_: ModelFormat | None, release: Release
) -> tuple[str, tuple[Decision, ...]]:
    """Return the text of the image's configuration, and why it is so.

    It is complete wherever the model's file tells what is missing; what it does not tell Triton must find.

    Args:
        folder: The model's folder.
        config: Its configuration; an empty one where it has none.
        format_: The model's format; None where it is none of ours.
        release: The Triton release.

    Raises:
        ArtifactError: A configuration is needed, and cannot be made.
    """
    if format_ is None or config.faults:
        return config.text, ()
    try:
        made = complete_config(folder, release)
    except (IncompleteConfigError, ModelFileError) as error:
        if not folder.has(CONFIG):
            _check_completes(error, folder, format_, release)
        return _named(config, format_, folder)
    if made.text == config.text or (made.doubts and release.completes_config):
        return _named(config, format_, folder)
    choice = f"{'completed' if folder.has(CONFIG) else 'made'} from {made.made_from}"
    reason = "; ".join([*made.reasons, *made.doubts]) or "it tells inputs and outputs"
    return made.text, (Decision(folder.config_file, choice, reason),)


def with_environment(text: str, parameter: str) -> str:
    """Return a configuration with the environment of its model.

    Args:
        text: The configuration.
        parameter: Value of ``EXECUTION_ENV_PATH``; empty where none is needed.
    """
    if not parameter:
        return text
    from google.protobuf.text_encoding import CEscape  # noqa: PLC0415  # slow to import

    # The path may hold the name of a folder, which may hold anything.
    value = CEscape(parameter.encode(), as_utf8=True)
    line = f'parameters {{ key: "{ENVIRONMENT_PARAMETER}" value {{ string_value: "{value}" }} }}'
    return "\n".join([*filter(None, [text.rstrip("\n")]), line]) + "\n"


def check_one_environment(config: ModelConfig, folder: ModelFolder) -> None:
    """Check that a configuration names no environment beside the one that a conda file asks for.

    Raises:
        PlanError: It does.
    """
    if config.environment:
        raise PlanError(
            f"{folder.config_file} names the environment {config.environment!r}, "
            f"but {folder.conda_file} makes one, too",
            code="two-environments",
            hint=f"remove {ENVIRONMENT_PARAMETER} from {CONFIG}, or {folder.conda_file} from the artifact",
        )


def _named(
    config: ModelConfig, format_: ModelFormat, folder: ModelFolder
) -> tuple[str, tuple[Decision, ...]]:
    """Return a configuration that names its model's format, and leaves the rest to Triton."""
    if config.message.backend or config.message.platform:
        return config.text, ()
    text = "\n".join([*filter(None, [config.text.rstrip("\n")]), format_.line]) + "\n"
    reason = "it names no backend"
    if not folder.has(CONFIG):
        reason = f"Triton completes it from {format_.file}"
        reason = f"{format_.file} completes it with auto_complete_config" if format_ == PYTHON else reason
    return text, (Decision(folder.config_file, f"{format_.line} added", reason),)


def _check_completes(
    error: IncompleteConfigError | ModelFileError,
    folder: ModelFolder,
    format_: ModelFormat,
    release: Release,
) -> None:
    """Check that Triton completes a configuration that could not be made here.

    Raises:
        ArtifactError: It does not.
    """
    if format_.describes_itself:
        return
    if format_ != PYTHON:
        raise error
    (file, *_) = _model_files(folder, format_)
    if not completes_its_config(folder.artifact, folder.shown(file)):
        raise ArtifactError(
            f"{folder.config_file} is required, since {folder.shown(file)} defines no auto_complete_config",
            code="config-missing",
            hint=f"add {CONFIG}, or define TritonPythonModel.auto_complete_config in {format_.file}",
        )
    if not release.completes_python:
        first = next(r.version for r in RELEASES.values() if r.completes_python)
        raise ArtifactError(
            f"{folder.config_file} is required: Triton {release.version} does not call auto_complete_config, "
            f"and {error.reason}",
            code="config-missing",
            hint=f"add {CONFIG}, or choose triton_base_image_tag {first}-py3 or newer",
        )


def _model_files(folder: ModelFolder, format_: ModelFormat) -> Iterator[str]:
    for version in reversed(folder.versions):
        if folder.has(f"{version}/{format_.file}"):
            yield f"{version}/{format_.file}"
