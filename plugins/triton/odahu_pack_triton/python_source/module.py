"""A source file whose functions can be asked what they return."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from .statements import Interpreter
from .values import CannotTellError, ClassValue, LostError, Scope, Unknown

ResultT = TypeVar("ResultT")

# A syntax tree takes hundreds of times the memory of its source.
_MOST_CHARACTERS: Final = 256 * 1024
_TOO_LONG: Final = Unknown("the source is too long to follow", 1)
_TOO_DEEP: Final = Unknown("the source is nested too deeply to follow", 1)


class SourceModule:
    """The names of a source file, and what its functions do; nothing of it is ever run.

    Args:
        tree: The file as Python's own parser reads it.
        unread: Why nothing of it can be told; None where something can.
    """

    def __init__(self, tree: ast.Module, unread: Unknown | None = None) -> None:
        self._tree = tree
        self._interpreter = Interpreter()
        self._scope = Scope()
        self._begun = False
        self._lost = LostError(unread) if unread else None

    def call(self, name: str, *given: object) -> Any:  # noqa: ANN401  # any value
        """Return what a function returns; calls one after another see what those before have changed.

        Args:
            name: Its name, or class and name with a dot between.
            given: Its arguments: plain values, or `ForeignValue`.

        Raises:
            CannotTellError: The source alone does not tell.
        """
        return self._followed(lambda: self._call(name, given))

    def defines(self, name: str) -> bool:
        """Tell whether the module, or a class of it, has a name, be it known or not what it stands for.

        Args:
            name: The name, or class and name with a dot between.

        Raises:
            CannotTellError: The source alone does not tell.
        """
        return self._followed(lambda: self._has(name))

    def value(self, name: str) -> Any:  # noqa: ANN401  # any value
        """Return what a name of the module stands for, as `call` does."""
        return self._followed(lambda: self._interpreter.sound(self._find(name)))

    def known(self, value: object) -> Any:  # noqa: ANN401  # any value
        """Return a value if no code that is not known has changed it itself; its elements may be unknown.

        Raises:
            CannotTellError: One has.
        """
        return self._followed(lambda: self._interpreter.check(value))

    def sound(self, value: object) -> Any:  # noqa: ANN401  # any value
        """Return a value if it is known all the way down.

        Raises:
            CannotTellError: It is not.
        """
        return self._followed(lambda: self._interpreter.sound(value))

    def _call(self, name: str, given: tuple[object, ...]) -> Any:  # noqa: ANN401  # any value
        self._begin()
        owner, _, method = name.rpartition(".")
        found: Scope | ClassValue = self._scope
        if owner:
            found = self._interpreter.check(self._find(owner))
            if not isinstance(found, ClassValue):
                raise CannotTellError(Unknown(f"{owner} is not a class of this file", 1))
        function = self._interpreter.check(found.find(method))
        values = [found, *given] if owner and getattr(function, "takes_class", False) else [*given]
        return self._interpreter.sound(self._interpreter.call(function, values, {}, self._tree))

    def _has(self, name: str) -> bool:
        self._begin()
        owner, _, member = name.rpartition(".")
        if not owner:
            return member in self._scope.names
        found = self._scope.names.get(owner)
        if isinstance(found, ClassValue):
            with suppress(KeyError):
                found.find(member)
                return True
        return isinstance(found, Unknown)

    def _find(self, name: str) -> Any:  # noqa: ANN401  # any value
        self._begin()
        return self._scope.find(name)

    def _begin(self) -> None:
        if not self._begun and self._lost is None:
            self._begun = True
            try:
                self._interpreter.run(self._tree.body, self._scope)
            except LostError as error:
                self._lost = error
        if self._lost:
            raise self._lost

    @staticmethod
    def _followed(read: Callable[[], ResultT]) -> ResultT:
        try:
            return read()
        except LostError as error:
            raise CannotTellError(error.unknown) from None
        except KeyError as error:
            raise CannotTellError(Unknown(f"{error.args[0]!r} is not defined in this file", 1)) from None
        except (RecursionError, MemoryError):
            raise CannotTellError(_TOO_DEEP) from None


def read_module(source: str) -> SourceModule:
    """Return a source file to be asked.

    Raises:
        SyntaxError: It is not Python.
        ValueError: It holds what no source can, such as a null character.
        RecursionError: It is nested too deeply for Python's own parser.
    """
    if len(source) > _MOST_CHARACTERS:
        return SourceModule(ast.Module([], []), _TOO_LONG)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as those of escapes in texts, which concern the author alone
        return SourceModule(ast.parse(source))
