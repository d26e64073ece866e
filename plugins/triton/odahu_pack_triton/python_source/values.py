"""What names stand for while source is read: Python's own plain values, and what is not known."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

PLAIN: Final = (bool, int, float, str, type(None), list, tuple, dict)
"""Types whose values stand for themselves."""

MUTABLE: Final = (list, dict)
MOST_ELEMENTS: Final = 10_000
_MOST_BITS: Final = 128


@dataclass(frozen=True)
class Unknown:
    """A value that the source alone does not tell.

    Args:
        reason: Why, in words such as ``'np' is imported``.
        line: The line of the source that says so.
    """

    reason: str
    line: int

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class CannotTellError(Exception):
    """The source alone does not tell a value that is needed."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(str(unknown))
        self.unknown = unknown


class LostError(Exception):
    """The source alone does not tell where the program goes on."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(str(unknown))
        self.unknown = unknown


class ForeignValue:
    """An object that is not of the source, and the methods of it that are known.

    Args:
        methods: What each does, by its name; called with the values of the arguments.
        uncertain: What to do once code that is not known has had the object in its hands, or where a
            method was called with something unknown: gets the method's name, empty for any.
    """

    def __init__(
        self, methods: Mapping[str, Callable[..., Any]], uncertain: Callable[[str, Unknown], None]
    ) -> None:
        self.methods = methods
        self.uncertain = uncertain


@dataclass
class Scope:
    """Names and what they stand for.

    Args:
        parent: Where names are looked for that are not here.
        names: The names here.
        shared: Names that belong to the module, by a ``global`` statement.
        of_class: Whether it is the body of a class, whose names its methods do not see.
    """

    parent: Scope | None = None
    names: dict[str, Any] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    of_class: bool = False

    def find(self, name: str) -> Any:  # noqa: ANN401  # a name may stand for anything
        """Return what a name stands for; KeyError where it is not there."""
        if name in self.names:
            return self.names[name]
        if self.parent is None:
            raise KeyError(name)
        return self.parent.find(name)

    def bind(self, name: str, value: object) -> None:
        """Let a name stand for a value."""
        scope = self
        while name in self.shared and scope.parent is not None:
            scope = scope.parent
        scope.names[name] = value


@dataclass(frozen=True)
class FunctionValue:
    """A function of the source.

    Args:
        node: Its definition.
        scope: Where it was defined.
        takes_class: Whether its first argument is its class.
        defaults: What its parameters are where they are not given.
    """

    node: ast.FunctionDef
    scope: Scope
    takes_class: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class ClassValue:
    """A class of the source.

    Args:
        name: Its name.
        scope: The names of its body.
        bases: The classes that it is made of, in order; an `Unknown` for each that is not of the source.
    """

    name: str
    scope: Scope
    bases: tuple[ClassValue | Unknown, ...] = ()

    def find(self, name: str) -> Any:  # noqa: ANN401  # a name may stand for anything
        """Return what an attribute is, which may be `Unknown`; KeyError where it has none."""
        if name in self.scope.names:
            return self.scope.names[name]
        for base in self.bases:
            if isinstance(base, Unknown):
                return base
            with suppress(KeyError):
                return base.find(name)
        raise KeyError(name)


@dataclass(frozen=True)
class BoundMethod:
    """A method of a plain value or of a class."""

    owner: Any
    name: str


def bounded(value: object, node: ast.AST) -> Any:  # noqa: ANN401  # any value
    """Return a value that was computed, unless it has grown too large to go on with.

    Raises:
        CannotTellError: It has.
    """
    too_large = isinstance(value, int) and value.bit_length() > _MOST_BITS
    if isinstance(value, (str, list, tuple, dict)):
        too_large = len(value) > MOST_ELEMENTS
    if too_large:
        raise CannotTellError(unknown("a value grows too large to follow", node))
    return value


def unknown(reason: str, node: ast.AST) -> Unknown:
    """Return what is not known because of a place in the source."""
    return Unknown(reason, getattr(node, "lineno", 1))
