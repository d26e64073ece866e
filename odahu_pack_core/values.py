"""Dataclasses that cost little to define: what each would have made for itself, all share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414  # what type checkers know of it holds
else:
    _Class = TypeVar("_Class", bound=type)

    def dataclass(*, frozen: bool) -> Callable[[_Class], _Class]:
        """Return what makes a class a frozen dataclass, as `dataclasses.dataclass` does.

        Of the six methods that the standard one writes and compiles for each class, three are the same for
        all classes here. A command defines some two hundred dataclasses before it begins, and would spend a
        tenth of its time on these methods, few of which it ever calls.

        Args:
            frozen: True; classes that can change are rare enough for the standard one.
        """

        def made(cls: _Class) -> _Class:
            for method in (_repr, _eq, _hash):
                if method.__name__ not in cls.__dict__:
                    setattr(cls, method.__name__, method)
            return dataclasses.dataclass(cls, frozen=frozen, repr=False, eq=False)

        return made


def _named(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def renamed(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__name__ = name
        return function

    return renamed


@_named("__repr__")
def _repr(self: Any) -> str:  # noqa: ANN401  # an instance of any dataclass
    shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
    return f"{type(self).__qualname__}({shown})"


@_named("__eq__")
def _eq(self: Any, other: object) -> Any:  # noqa: ANN401  # as above
    if other.__class__ is not self.__class__:
        return NotImplemented
    return _compared(self) == _compared(other)


@_named("__hash__")
def _hash(self: Any) -> int:  # noqa: ANN401  # as above
    return hash(_compared(self))


def _compared(instance: Any) -> tuple[Any, ...]:  # noqa: ANN401  # as above
    return tuple(getattr(instance, f.name) for f in dataclasses.fields(instance) if f.compare)
