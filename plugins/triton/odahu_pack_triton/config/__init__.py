"""``config.pbtxt``: read with Triton's own schema, with the place of every field."""

from .model_config import (
    CONFIG,
    ENVIRONMENT_PARAMETER,
    MOST_BYTES,
    MOST_CHARACTERS,
    ConfigTextError,
    ModelConfig,
    parse_config,
    read_config,
)
from .place import FieldPath, Place, TextFault, place_at

__all__ = [
    "CONFIG",
    "ENVIRONMENT_PARAMETER",
    "MOST_BYTES",
    "MOST_CHARACTERS",
    "ConfigTextError",
    "FieldPath",
    "ModelConfig",
    "Place",
    "TextFault",
    "parse_config",
    "place_at",
    "read_config",
]
