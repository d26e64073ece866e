"""The engine's progress messages as events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from odahu_pack_core.engine.build_log import LogWords
from odahu_pack_core.events import EventSink, Output, Progress

from .client import JsonObject

LOG_WORDS: Final = LogWords(
    "docker",
    step=re.compile(r"Step (\d+)/(\d+) : (.*)"),
    noise=re.compile(r" ---> |Removing intermediate container "),
)
"""How the engine writes the log of a build."""


def report_transfers(messages: Iterator[JsonObject], step: str, emit: EventSink) -> Iterator[JsonObject]:
    """Yield the messages of a push or pull, each layer's progress sent as events.

    Args:
        messages: What the engine says.
        step: The step of the run that this is part of.
        emit: Receives the events.
    """
    for message in messages:
        layer, detail = message.get("id"), message.get("progressDetail") or {}
        if layer and detail.get("current"):
            emit(
                Progress(
                    step, f"{layer} {message.get('status', '')}", detail["current"], detail.get("total", 0)
                )
            )
        elif layer and message.get("status"):
            emit(Output("docker", f"{layer}: {message['status']}"))
        yield message
