"""What a run takes from around it: plugins, environment variables, an engine's name, a listener."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from typing import Final

from odahu_pack_core.events import EventSink
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.values import dataclass

from .reporter import Reporter

AUTO: Final = "auto"
"""The engine's name that leaves the choice to us."""


@dataclass(frozen=True)
class Surroundings:
    """What a run takes from around it; every default is the real thing.

    Args:
        catalog: The plugins.
        environ: The environment variables.
        engine: Name of the engine; ``auto`` for the first that can.
        on_event: Receives every event on the thread that runs.
        refresh: Ask the package index again where a lock is already known.
    """

    catalog: PluginCatalog = field(default_factory=PluginCatalog.load)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    engine: str = AUTO
    on_event: EventSink | None = None
    refresh: bool = False

    def reporter(self) -> Reporter:
        """Return a reporter to the caller and to the plugins that observe."""
        caller = (self.on_event,) if self.on_event else ()
        return Reporter(*caller, self.catalog.observe)
