"""Where the Docker engine can bring an image."""

from __future__ import annotations

from typing import Final

from odahu_pack_core.plugins.protocols import OutputType

OUTPUTS: Final[frozenset[OutputType]] = frozenset({"registry", "docker", "docker-archive"})
"""A build context is not among them: it needs no engine at all."""
