"""``config.pbtxt``: read with Triton's own schema, with the place of every field, and written."""

from .model_config import CONFIG, ENVIRONMENT_PARAMETER, ConfigTextError, ModelConfig, parse_config
from .places import FieldPath, Place

__all__ = [
    "CONFIG",
    "ENVIRONMENT_PARAMETER",
    "ConfigTextError",
    "FieldPath",
    "ModelConfig",
    "Place",
    "parse_config",
]
