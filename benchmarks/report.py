"""Figures as a value, and the two files that keep them: JSON for programs, Markdown for people."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.measure import Spread

Cell = str | float | Spread


@dataclass(frozen=True)
class Figures:
    """The outcome of one benchmark.

    Args:
        name: Of the files.
        title: What was measured.
        columns: Titles of the columns.
        rows: A cell for each column.
        notes: How it was measured, and what the figures do not say.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()


def write(figures: Figures, folder: Path) -> str:
    """Write both files and return the text of the Markdown one."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [dict(zip(figures.columns, map(_plain, row), strict=True)) for row in figures.rows]
    document = {"title": figures.title, "machine": machine(), "rows": rows, "notes": list(figures.notes)}
    (folder / f"{figures.name}.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    text = _markdown(figures)
    (folder / f"{figures.name}.md").write_text(text)
    return text


def paragraphs(text: str) -> tuple[str, ...]:
    """Return the paragraphs of a text, each as one line."""
    return tuple(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def machine() -> str:
    """Describe the machine without naming it."""
    gibibytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {gibibytes:.0f} GiB, Linux, CPython {platform.python_version()}"


def _plain(cell: Cell) -> object:
    return asdict(cell) if isinstance(cell, Spread) else cell


def _shown(cell: Cell) -> str:
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


def _markdown(figures: Figures) -> str:
    lines = (
        figures.columns,
        ["---"] * len(figures.columns),
        *([_shown(c) for c in row] for row in figures.rows),
    )
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    notes = "\n".join(f"* {note}" for note in (*figures.notes, f"Machine: {machine()}."))
    return f"# {figures.title}\n\n{table}\n\n{notes}\n"
