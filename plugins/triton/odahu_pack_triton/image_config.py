"""The ``config.pbtxt`` of an image: the artifact's own, completed, or a new one where Triton needs one."""

from __future__ import annotations

from odahu_pack_core import ArtifactError, Decision, ModelArtifact, PlanError

from .config import CONFIG, ENVIRONMENT_PARAMETER, ModelConfig, parse_config
from .formats import PYTHON, ModelFormat
from .python_model import completes_its_config
from .releases import RELEASES, Release

_SUBJECT = CONFIG


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
        PlanError: It already names another environment.
    """
    decisions = []
    lines: list[str] = []
    if config is None:
        decisions.append(_decided_without(artifact, format_, release))
        if not format_.describes_itself:
            lines = [format_.line]
    elif not config.backend and not config.platform:
        lines = [format_.line]
        decisions.append(Decision(_SUBJECT, f"{format_.line} added", "it names no backend"))
    if environment:
        _refuse_second_environment(config)
        lines.append(_parameter(environment))
        decisions.append(
            Decision(_SUBJECT, f"{ENVIRONMENT_PARAMETER} {environment} added", "the model has an environment")
        )
    if not lines:
        return config.text if config else "", tuple(decisions)
    text = "\n".join([*([config.text] if config else []), *lines]) + "\n"
    parse_config(text)
    return text, tuple(decisions)


def _decided_without(artifact: ModelArtifact, format_: ModelFormat, release: Release) -> Decision:
    """Say how an image does without a configuration of its model."""
    if format_.describes_itself:
        return Decision(_SUBJECT, "none", f"Triton completes it from {format_.file}")
    if format_ != PYTHON:
        raise ArtifactError(
            f"{CONFIG} is required for {format_.title} models, since Triton cannot read "
            f"inputs and outputs from {format_.file}",
            code="config-missing",
        )
    if not completes_its_config(artifact, format_.file):
        raise ArtifactError(
            f"{CONFIG} is required, since {format_.file} defines no auto_complete_config",
            code="config-missing",
            hint="add config.pbtxt, or define TritonPythonModel.auto_complete_config in model.py",
        )
    if not release.completes_python:
        first = next(r.version for r in RELEASES.values() if r.completes_python)
        raise ArtifactError(
            f"{CONFIG} is required: Triton {release.version} does not call auto_complete_config",
            code="config-missing",
            hint=f"add config.pbtxt, or choose triton_base_image_tag {first}-py3 or newer",
        )
    return Decision(_SUBJECT, format_.line, f"{format_.file} completes it with auto_complete_config")


def _refuse_second_environment(config: ModelConfig | None) -> None:
    if config is not None and config.environment:
        raise PlanError(
            f"{CONFIG} names the environment {config.environment!r}, and the artifact has a conda file, too",
            code="two-environments",
            hint=f"remove {ENVIRONMENT_PARAMETER} from config.pbtxt, or the conda file from the artifact",
        )


def _parameter(path: str) -> str:
    return f'parameters {{ key: "{ENVIRONMENT_PARAMETER}" value {{ string_value: "{path}" }} }}'
