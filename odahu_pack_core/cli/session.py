"""What one run of the command carries from its options to its end."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from odahu_pack_core.names import MIRRORS_VARIABLE


class Loudness(IntEnum):
    """How much of a run is shown."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


@dataclass
class Session:
    """One run of the command; options that every command has set its fields.

    Args:
        environ: Environment variables of the run.
        loudness: How much is shown on stderr.
        debug: Whether a failure shows its traceback.
        machine_events: Whether stdout carries events and nothing else.
    """

    environ: Mapping[str, str]
    loudness: Loudness = Loudness.NORMAL
    debug: bool = False
    machine_events: bool = False

    def add_mirrors(self, mirrors: Iterable[str]) -> None:
        """Pull from mirrors; those that the environment names stay, unless they are of the same registry."""
        named = " ".join([self.environ.get(MIRRORS_VARIABLE, ""), *mirrors])
        self.environ = {**self.environ, MIRRORS_VARIABLE: named.strip()}

    def show_debug(self) -> None:
        """Show tracebacks, and our own log; that of other libraries may hold credentials."""
        self.debug = True
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        logger = logging.getLogger("odahu_pack_core")
        logger.setLevel(logging.DEBUG)
        logger.handlers = [handler]
