"""Events of a run as they are shown: lines, a live display, or JSON for machines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from odahu_pack_core.cli.session import Loudness, Session
from odahu_pack_core.events import EventSink

from .lines import LineDisplay
from .terminal import is_terminal


@contextmanager
def shown(session: Session, *, decisions: bool = True) -> Iterator[EventSink]:
    """Show the events of a run for as long as the block runs, as the session wants them.

    Args:
        session: Says how.
        decisions: Whether decisions are shown; a command whose result tells them leaves them out.
    """
    if session.machine_events:
        from .machine import print_event  # noqa: PLC0415  # only where events are asked for

        yield print_event
    elif session.loudness is Loudness.NORMAL and is_terminal(session.environ):
        from .live import LiveDisplay  # noqa: PLC0415  # rich is slow to import

        with LiveDisplay(decisions=decisions) as display:
            yield display.show
    else:
        yield LineDisplay(session.loudness, decisions=decisions).show


__all__ = ["shown"]
