"""A configuration checked against the one model of an artifact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from odahu_pack_core import ArtifactError, ModelArtifact, did_you_mean

from .config import CONFIG, ModelConfig, parse_config
from .formats import FORMATS, ModelFormat

_OTHER_BACKENDS: Final = ("dali", "fil", "identity", "openvino", "repeat", "square", "tensorrtllm", "vllm")
_OTHER_PLATFORMS: Final = ("ensemble",)


def read_config(artifact: ModelArtifact) -> ModelConfig | None:
    """Return the configuration at the artifact's root; None where there is none.

    Raises:
        ArtifactError: It is not a model configuration; the message names line, column and field.
    """
    return parse_config(artifact.read_text(CONFIG)) if artifact.has(CONFIG) else None


def names(config: ModelConfig, format_: ModelFormat) -> bool:
    """Tell whether what is written stands for a format, and for no other."""
    written = config.message.platform or config.message.backend
    return bool(written) and written in {format_.platform, format_.backend} and serves(config, format_)


def serves(config: ModelConfig, format_: ModelFormat) -> bool:
    """Tell whether nothing that is written stands against a format."""
    message = config.message
    return message.platform in {"", format_.platform} and message.backend in {"", format_.backend}


def check_config(config: ModelConfig, artifact: ModelArtifact, format_: ModelFormat) -> None:
    """Check that a configuration is that of this model.

    Raises:
        ArtifactError: It has another name, another backend, or names files that are not there.
    """
    if config.message.name and config.message.name != artifact.name:
        raise ArtifactError(
            f"{CONFIG}: name is {config.message.name!r}, but the model is called {artifact.name!r}",
            code="config-name",
            hint="make them equal, or leave name out; without a manifest the model is called 'model'",
        )
    _check_known("backend", config.message.backend, [*(f.backend for f in FORMATS), *_OTHER_BACKENDS])
    _check_known("platform", config.message.platform, [*(f.platform for f in FORMATS), *_OTHER_PLATFORMS])
    if not serves(config, format_):
        written = (
            f"backend {config.message.backend!r}"
            if config.message.backend
            else f"platform {config.message.platform!r}"
        )
        raise ArtifactError(
            f"{CONFIG}: {written} does not serve {format_.file}; write {format_.line}", code="config-backend"
        )
    for file in config.label_files:
        if not artifact.has(file):
            raise ArtifactError(
                f"{CONFIG}: label_filename names {file!r}, which the artifact lacks", code="config-labels"
            )


def _check_known(field: str, value: str, known: Sequence[str]) -> None:
    if value not in {"", *known}:
        near = did_you_mean(value, filter(None, known))
        raise ArtifactError(f"{CONFIG}: unknown {field} {value!r}; {near}", code="config-backend")
