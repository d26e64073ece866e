"""Names under which this distribution is known to odahu-pack."""

from __future__ import annotations

from typing import Final

DOCKER_TRITON: Final = "docker-triton"
"""The packager."""

TRITON: Final = "triton"
"""The kind of artifact that is a model, or are models, in Triton's own formats."""

GPPI: Final = "gppi"
"""The kind of artifact that holds a GPPI model, whose reader the core has."""

MODELS: Final = "/models"
"""The model repository inside an image."""
