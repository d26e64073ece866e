"""What is known of values while source is read, and for how long it is read."""

from __future__ import annotations

import ast
from typing import Any, Final

from .values import MUTABLE, BoundMethod, CannotTellError, ForeignValue, LostError, Unknown, unknown

_MOST_STEPS: Final = 100_000
_NOWHERE: Final = ast.Pass(lineno=1)


class Knowledge:
    """Counts steps, and remembers which values have been changed in a way that nobody knows."""

    def __init__(self) -> None:
        self._steps = 0
        # Values whose contents are not known any more, by identity; they are kept, so that it stays theirs.
        self._spoilt: dict[int, tuple[Any, Unknown]] = {}

    def step(self, node: ast.AST) -> None:
        """Count a step; a source that asks for too many is given up."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise LostError(unknown("the source asks for too many steps", node))

    def spoil(self, value: object, why: Unknown) -> None:
        """Take a value as changed in a way that nobody knows."""
        if isinstance(value, ForeignValue):
            value.uncertain("", why)
        elif isinstance(value, BoundMethod):
            self.spoil(value.owner, why)
        elif isinstance(value, MUTABLE) and id(value) not in self._spoilt:
            self.step(_NOWHERE)
            self._spoilt[id(value)] = value, why
            for element in value.values() if isinstance(value, dict) else value:
                self.spoil(element, why)
        elif isinstance(value, tuple):
            self.step(_NOWHERE)
            for element in value:
                self.spoil(element, why)

    def sound(self, value: object) -> Any:  # noqa: ANN401  # any value
        """Return a value whose contents are known, all the way down.

        Raises:
            CannotTellError: They are not.
        """
        self.check(value)
        self.step(_NOWHERE)  # lists that hold each other may have more elements than anybody can count
        if isinstance(value, (list, tuple)):
            for element in value:
                self.sound(element)
        elif isinstance(value, dict):
            for member in value.values():
                self.sound(member)
        return value

    def check(self, value: object) -> Any:  # noqa: ANN401  # any value
        """Return a value that is known itself, be its elements known or not."""
        if isinstance(value, Unknown):
            raise CannotTellError(value)
        if id(value) in self._spoilt:
            raise CannotTellError(self._spoilt[id(value)][1])
        return value
