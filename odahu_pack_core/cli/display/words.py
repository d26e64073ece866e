"""Events in words, the same in every display for people."""

from __future__ import annotations

from odahu_pack_core.cli.plan_summary import size_text
from odahu_pack_core.events import Decision, Notice, Progress


def decision_text(decision: Decision) -> str:
    """Return a decision and its reason."""
    return f"why: {decision.subject}: {decision.choice} ({decision.reason})"


def notice_text(notice: Notice) -> str:
    """Return a notice after its severity."""
    return f"{notice.severity}: {notice.message}"


def progress_text(progress: Progress) -> str:
    """Return how far something is."""
    if progress.unit == "bytes":
        done, total = size_text(progress.done), size_text(progress.total)
        unit = ""
    else:
        done, total = str(progress.done), str(progress.total)
        unit = f" {progress.unit}"
    return f"{done} of {total}{unit}" if progress.total else f"{done}{unit}"
