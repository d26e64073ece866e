"""Events for machines: one JSON object a line on stdout."""

from __future__ import annotations

import json

from odahu_pack_core.cli.console import to_stdout
from odahu_pack_core.events import Event


def event_line(event: Event) -> str:
    """Return an event as one line of JSON."""
    return json.dumps(event.to_json(), separators=(",", ":"), default=str)


def print_event(event: Event) -> None:
    """Print an event."""
    to_stdout(event_line(event))
