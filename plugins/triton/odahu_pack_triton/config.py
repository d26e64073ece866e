"""``config.pbtxt`` read with Triton's own schema and checked against the model before anything is built."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from odahu_pack_core import ArtifactError, ModelArtifact, did_you_mean

from .formats import FORMATS, ModelFormat

CONFIG: Final = "config.pbtxt"
ENVIRONMENT_PARAMETER: Final = "EXECUTION_ENV_PATH"
"""The parameter that names the environment of a Python model."""

_MOST_CHARACTERS: Final = 1024 * 1024
_LONGEST_REASON: Final = 300
_LONGEST_NAME: Final = 60
_UNKNOWN: Final = re.compile(r'(Message|Enum) type "([\w.]+)" has no (?:field|value) named "?([^"]+?)"?\.?$')
_OTHER_BACKENDS: Final = ("dali", "fil", "identity", "openvino", "repeat", "square", "tensorrtllm", "vllm")
_OTHER_PLATFORMS: Final = ("ensemble",)


@dataclass(frozen=True)
class ModelConfig:
    """What a configuration says; what it leaves out is empty.

    Args:
        text: The text of the file.
        name: The model's name.
        backend: The backend.
        platform: The platform.
        environment: Value of ``EXECUTION_ENV_PATH``.
        label_files: Files with names of classes, which Triton looks for in the model's folder.
    """

    text: str
    name: str
    backend: str
    platform: str
    environment: str
    label_files: tuple[str, ...]

    def names(self, format_: ModelFormat) -> bool:
        """Tell whether what is written stands for a format, and for no other."""
        written = self.platform or self.backend
        return bool(written) and written in {format_.platform, format_.backend} and self.serves(format_)

    def serves(self, format_: ModelFormat) -> bool:
        """Tell whether nothing that is written stands against a format."""
        return self.platform in {"", format_.platform} and self.backend in {"", format_.backend}


def read_config(artifact: ModelArtifact) -> ModelConfig | None:
    """Return the configuration at the artifact's root; None where there is none.

    Raises:
        ArtifactError: It is not a model configuration; the message names line, column and field.
    """
    return parse_config(artifact.read_text(CONFIG)) if artifact.has(CONFIG) else None


def parse_config(text: str) -> ModelConfig:
    """Return what a configuration's text says.

    Raises:
        ArtifactError: It is not a model configuration; the message names line, column and field.
    """
    # gRPC comes with Triton's schema; both are slow to import.
    from google.protobuf import text_format  # type: ignore[import-untyped]  # noqa: PLC0415  # it has no types
    from tritonclient.grpc import model_config_pb2  # noqa: PLC0415  # as above

    if len(text) > _MOST_CHARACTERS:
        raise ArtifactError(f"{CONFIG} is larger than {_MOST_CHARACTERS} characters", code="too-large")
    message = model_config_pb2.ModelConfig()
    try:
        text_format.Parse(text, message)
    except text_format.ParseError as error:
        raise ArtifactError(
            _in_words(str(error), error.GetLine(), error.GetColumn()), code="config-syntax"
        ) from None
    environment = ""
    if ENVIRONMENT_PARAMETER in message.parameters:
        environment = message.parameters[ENVIRONMENT_PARAMETER].string_value
    labels = dict.fromkeys(output.label_filename for output in message.output if output.label_filename)
    return ModelConfig(text, message.name, message.backend, message.platform, environment, tuple(labels))


def check_config(config: ModelConfig, artifact: ModelArtifact, format_: ModelFormat) -> None:
    """Check that a configuration is that of this model.

    Raises:
        ArtifactError: It has another name, another backend, or names files that are not there.
    """
    if config.name and config.name != artifact.name:
        raise ArtifactError(
            f"{CONFIG}: name is {config.name!r}, but the model is called {artifact.name!r}",
            code="config-name",
            hint="make them equal, or leave name out; without a manifest the model is called 'model'",
        )
    _check_known("backend", config.backend, [*(f.backend for f in FORMATS), *_OTHER_BACKENDS])
    _check_known("platform", config.platform, [*(f.platform for f in FORMATS), *_OTHER_PLATFORMS])
    if not config.serves(format_):
        written = f"backend {config.backend!r}" if config.backend else f"platform {config.platform!r}"
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


def _in_words(error: str, line: int | None, column: int | None) -> str:
    """Write a fault of the text with its place and, for a misspelt name, the near match."""
    place = f"{CONFIG}, line {line}, column {column}" if line else CONFIG
    reason = re.sub(r"^\d+:\d+ : ", "", error)
    unknown = _UNKNOWN.search(reason)
    if unknown is None:
        return f"{place}: {reason if len(reason) <= _LONGEST_REASON else reason[:_LONGEST_REASON] + '…'}"
    kind, owner, name = unknown[1], unknown[2], unknown[3][:_LONGEST_NAME]
    what = "field" if kind == "Message" else "value"
    near = did_you_mean(name, _names(kind, owner))
    return f"{place}: unknown {what} {name!r} of {owner.rpartition('.')[2]}; {near}"


def _names(kind: str, owner: str) -> list[str]:
    from google.protobuf import descriptor_pool  # noqa: PLC0415  # as in parse_config

    pool = descriptor_pool.Default()
    if kind == "Message":
        return list(pool.FindMessageTypeByName(owner).fields_by_name)
    return list(pool.FindEnumTypeByName(owner).values_by_name)
