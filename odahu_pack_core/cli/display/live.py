"""Events as a live display: the steps done, bars for what moves, the last lines that tools printed."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.spinner import Spinner
from rich.table import Column
from rich.text import Text

from odahu_pack_core.cli.console import visible
from odahu_pack_core.events import Decision, Event, Notice, Output, Progress, StepFinished, StepStarted

from .words import decision_text, is_done, notice_text, progress_key, progress_text

_LAST_LINES: Final = 5
_LABEL_WIDTH: Final = 50


class LiveDisplay:
    """Redraws what is under way; what is done, decided or noticed stays above it.

    Args:
        console: Where to draw; stderr by default.
        decisions: Whether decisions are shown.
    """

    def __init__(self, console: Console | None = None, *, decisions: bool = True) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._decisions = decisions
        self._titles: dict[str, str] = {}
        self._bars = Bars(
            TextColumn("  {task.description}", markup=False, table_column=_one_line(max_width=_LABEL_WIDTH)),
            BarColumn(),
            TextColumn("{task.fields[amount]}", markup=False, table_column=_one_line()),
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._spinner = Spinner("dots")
        self._live = Live(
            console=self._console, transient=True, redirect_stdout=False, get_renderable=self.drawing
        )

    def __enter__(self) -> LiveDisplay:  # noqa: PYI034  # typing.Self is newer than Python 3.10
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, event: Event) -> None:
        """Show one event."""
        match event:
            case StepStarted(step, title):
                self._titles[step] = title
            case StepFinished(step, seconds):
                self._finish(step, seconds)
            case Decision() if self._decisions:
                self._keep(decision_text(event), "dim")
            case Notice(severity=severity):
                self._keep(notice_text(event), "yellow" if severity == "warning" else "")
            case Output(_, line):
                self._lines.append(visible(line))
            case Progress():
                self._move(event)
            case _:
                return

    def _finish(self, step: str, seconds: float) -> None:
        title = self._titles.pop(step, step)
        for key in [key for key in self._tasks if key[0] == step]:
            self._remove(key)
        self._lines.clear()
        self._live.refresh()
        self._keep(f"✓ {title} ({seconds:.1f} s)", "green")

    def _move(self, progress: Progress) -> None:
        key, subject = progress_key(progress), visible(progress.subject)
        if is_done(progress):
            self._remove(key)
            return
        if key not in self._tasks:
            self._tasks[key] = self._bars.add_task(subject, amount="")
        self._bars.update(
            self._tasks[key],
            description=subject,
            completed=progress.done,
            total=progress.total or None,
            amount=progress_text(progress),
        )

    def _remove(self, key: tuple[str, str]) -> None:
        if key in self._tasks:
            self._bars.remove_task(self._tasks.pop(key))

    def _keep(self, text: str, style: str) -> None:
        self._console.print(Text(visible(text), style=style))

    def drawing(self) -> Group:
        """Return what is under way; called by the thread that redraws, so it works on copies."""
        titles, printed = list(self._titles.values()), list(self._lines)
        self._spinner.update(text=Text(visible(titles[-1]) if titles else ""))
        lines = [Text(f"  {line}", style="dim", no_wrap=True, overflow="ellipsis") for line in printed]
        return Group(*([self._spinner] if titles else []), *([self._bars] if self._tasks else []), *lines)


def _one_line(max_width: int | None = None) -> Column:
    return Column(no_wrap=True, overflow="ellipsis", max_width=max_width)
