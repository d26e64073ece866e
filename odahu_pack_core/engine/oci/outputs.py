"""Where the engine that needs no daemon can bring an image."""

from __future__ import annotations

from typing import Final

from odahu_pack_core.plugins.protocols import OutputType

OUTPUTS: Final[frozenset[OutputType]] = frozenset({"registry", "docker", "docker-archive", "oci"})
