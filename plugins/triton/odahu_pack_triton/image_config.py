"""The ``config.pbtxt`` of an image: the artifact's own, completed, or a new one where Triton needs one."""

from __future__ import annotations

from odahu_pack_core import ArtifactError, Decision, ModelArtifact, PlanError

from .config import CONFIG, ENVIRONMENT_PARAMETER, ModelConfig, parse_config
from .formats import PYTHON, ModelFormat
from .python_model import completes_its_config
from .releases import RELEASES, Release


def image_config(
    config: ModelConfig | None,
    artifact: ModelArtifact,
    format_: ModelFormat,
    release: Release,
    environment: str,
) -> tuple[str, tuple[Decision, ...]]:
    """Return the text of the image's configuration, empty where Triton needs none, and why it is so.

    Args:
        config: The artifact's own configuration, already checked; None where it has none.
        artifact: The artifact.
        format_: The model's format.
        release: The Triton release.
        environment: Value of ``EXECUTION_ENV_PATH`` to add; empty for none.

    Raises:
        ArtifactError: A configuration is needed, and cannot be made.
    """
    text, lines, decisions = "", [], []
    if config is not None:
        text = config.text
    if config is None or not (config.message.backend or config.message.platform):
        line, decision = _format_line(config, artifact, format_, release)
        lines += [line] if line else []
        decisions.append(decision)
    if environment:
        lines.append(
            f'parameters {{ key: "{ENVIRONMENT_PARAMETER}" value {{ string_value: "{environment}" }} }}'
        )
        choice = f"{ENVIRONMENT_PARAMETER} {environment} added"
        decisions.append(Decision(CONFIG, choice, "the model has an environment of its own"))
    if lines:
        text = "\n".join([*filter(None, [text]), *lines]) + "\n"
        parse_config(text)
    return text, tuple(decisions)


def check_environments(config: ModelConfig | None, conda_path: str | None, release: Release) -> None:
    """Check that a configuration names no environment that would be ignored, or contradict a conda file.

    Raises:
        PlanError: It does.
    """
    if config is None or not config.environment:
        return
    if conda_path:
        raise PlanError(
            f"{CONFIG} names the environment {config.environment!r}, but {conda_path} makes one, too",
            code="two-environments",
            hint=f"remove {ENVIRONMENT_PARAMETER} from {CONFIG}, or {conda_path} from the artifact",
        )
    if release.environment == "python-runtime":
        first = next(r.version for r in RELEASES.values() if r.environment != "python-runtime")
        raise PlanError(
            f"{CONFIG} names the environment {config.environment!r}, but Triton {release.version} "
            f"ignores {ENVIRONMENT_PARAMETER}",
            code="environment-ignored",
            hint=f"write conda.yaml instead, or choose triton_base_image_tag {first}-py3 or newer",
        )


def _format_line(
    config: ModelConfig | None, artifact: ModelArtifact, format_: ModelFormat, release: Release
) -> tuple[str, Decision]:
    """Return the line that names the model's format, empty where none is needed, and the reason."""
    if config is not None:
        return format_.line, Decision(CONFIG, f"{format_.line} added", "it names no backend")
    if format_.describes_itself:
        return "", Decision(CONFIG, "none", f"Triton completes it from {format_.file}")
    if format_ != PYTHON:
        raise ArtifactError(
            f"{CONFIG} is required for {format_.title} models, since Triton cannot read "
            f"inputs and outputs from {format_.file}",
            code="config-missing",
        )
    _check_completes(artifact, release)
    return format_.line, Decision(
        CONFIG, format_.line, f"{format_.file} completes it with auto_complete_config"
    )


def _check_completes(artifact: ModelArtifact, release: Release) -> None:
    """Check that a Python model without configuration completes it by itself."""
    if not completes_its_config(artifact, PYTHON.file):
        raise ArtifactError(
            f"{CONFIG} is required, since {PYTHON.file} defines no auto_complete_config",
            code="config-missing",
            hint=f"add {CONFIG}, or define TritonPythonModel.auto_complete_config in {PYTHON.file}",
        )
    if not release.completes_python:
        first = next(r.version for r in RELEASES.values() if r.completes_python)
        raise ArtifactError(
            f"{CONFIG} is required: Triton {release.version} does not call auto_complete_config",
            code="config-missing",
            hint=f"add {CONFIG}, or choose triton_base_image_tag {first}-py3 or newer",
        )
