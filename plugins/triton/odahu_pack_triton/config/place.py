"""Places in a text, and the ways to the fields of a configuration."""

from __future__ import annotations

from dataclasses import dataclass

FieldPath = tuple[str | int, ...]
"""The way to a field, such as ``("input", 0, "dims", 1)`` or ``("parameters", "threads", "value")``."""


@dataclass(frozen=True, order=True)
class Place:
    """A place in a text.

    Args:
        line: Counted from 1.
        column: Counted from 1, in characters.
    """

    line: int
    column: int


def place_at(text: str, offset: int) -> Place:
    """Return the place of the character at an offset."""
    return Place(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


@dataclass(frozen=True)
class TextFault:
    """What keeps a text from being a configuration.

    Args:
        reason: What is wrong, without the place.
        place: Where it is.
        template: Whether it is a template that nobody has filled in.
    """

    reason: str
    place: Place
    template: bool = False
