"""Where a document was written, so that every error can name file, document, line and field path."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from odahu_pack_core.values import dataclass

FieldPath = tuple[str | int, ...]
"""Keys and list positions from a document's root to a value."""

_PLAIN_KEY: Final = re.compile(r"[\w$-]{1,100}")


@dataclass(frozen=True)
class Origin:
    """One document of a file.

    Args:
        file: The file as the user named it.
        document: The document's position in the file, from 1.
        documents: How many documents the file has.
        lines: The line, from 1, on which each field stands.
        item: The position, from 1, in a document that is a list of entities; 0 where it is no list.
    """

    file: str
    document: int = 1
    documents: int = 1
    lines: Mapping[FieldPath, int] = field(default_factory=dict, repr=False)
    item: int = 0

    def place(self, path: FieldPath = ()) -> str:
        """Name the place of a field, or of the nearest enclosing one that is written down."""
        while path and path not in self.lines:
            path = path[:-1]
        document = f", document {self.document}" if self.documents > 1 else ""
        item = f", item {self.item}" if self.item else ""
        line = f", line {self.lines[path]}" if path in self.lines else ""
        return f"{self.file}{document}{item}{line}"

    def of_item(self, index: int) -> Origin:
        """Return the origin of one member of a document that is a list.

        Args:
            index: The member's position, from 0.
        """
        lines = {path[1:]: line for path, line in self.lines.items() if path[:1] == (index,)}
        return Origin(self.file, self.document, self.documents, lines, index + 1)


@dataclass(frozen=True)
class Problem:
    """One fault of a document.

    Args:
        path: The field at fault.
        message: What is wrong with it and what would be right.
    """

    path: FieldPath
    message: str


def path_text(path: FieldPath) -> str:
    """Write a field path as people do: ``spec.targets[0].name``; a key that is no plain word is quoted."""
    return "".join(_part_text(part) for part in path).removeprefix(".")


def _part_text(part: str | int) -> str:
    if isinstance(part, str) and _PLAIN_KEY.fullmatch(part):
        return f".{part}"
    shown = part if isinstance(part, int) else repr(part if len(part) <= 100 else f"{part[:100]}…")  # noqa: PLR2004  # as _PLAIN_KEY
    return f"[{shown}]"


def describe(problems: Sequence[Problem], origin: Origin | None, subject: str = "") -> str:
    """Write problems a line each, with their places.

    Args:
        problems: What is wrong.
        origin: The document they are in; None for entities made in Python.
        subject: Names the entity where there is no origin.
    """
    lines = []
    for problem in problems:
        place = origin.place(problem.path) if origin else subject
        lines.append(": ".join(part for part in (place, path_text(problem.path), problem.message) if part))
    return "\n".join(lines)
