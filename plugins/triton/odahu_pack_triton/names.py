"""Names under which this distribution is known to odahu-pack."""

from __future__ import annotations

from typing import Final

DOCKER_TRITON: Final = "docker-triton"
"""The packager."""

TRITON: Final = "triton"
"""The kind of artifact that it takes."""

MODELS: Final = "/models"
"""The model repository inside an image."""
