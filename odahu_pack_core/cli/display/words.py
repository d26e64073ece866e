"""Events in words, the same in every display for people."""

from __future__ import annotations

from odahu_pack_core.events import Decision, Notice, Progress
from odahu_pack_core.sizes import size_text


def decision_text(decision: Decision) -> str:
    """Return a decision and its reason."""
    return f"why: {decision.subject}: {decision.choice} ({decision.reason})"


def notice_text(notice: Notice) -> str:
    """Return a notice after its severity."""
    return f"{notice.severity}: {notice.message}"


def progress_key(progress: Progress) -> tuple[str, str]:
    """Name what moves: a subject of its own where bytes are counted, one row of subjects where things are."""
    return progress.step, progress.subject if progress.unit == "bytes" else progress.unit


def is_done(progress: Progress) -> bool:
    """Tell whether something is at its end."""
    return 0 < progress.total <= progress.done


def progress_text(progress: Progress) -> str:
    """Return how far something is."""
    if progress.unit == "bytes":
        done, total = size_text(progress.done), size_text(progress.total)
        unit = ""
    else:
        done, total = str(progress.done), str(progress.total)
        unit = f" {progress.unit}"
    return f"{done} of {total}{unit}" if progress.total else f"{done}{unit}"
