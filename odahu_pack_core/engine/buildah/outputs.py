"""Where the engine that builds with ``buildah`` can bring an image."""

from __future__ import annotations

from typing import Final

from odahu_pack_core.plugins.protocols import OutputType

OUTPUTS: Final[frozenset[OutputType]] = frozenset({"registry", "docker-archive", "oci"})
