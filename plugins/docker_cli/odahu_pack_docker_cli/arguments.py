"""Arguments of docker-cli."""

from __future__ import annotations

from odahu_pack_core import GppiArguments


class CliArguments(GppiArguments):
    """Arguments of docker-cli."""
