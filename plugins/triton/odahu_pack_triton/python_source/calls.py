"""Calls: of functions of the source, of methods and built-in functions, and of what is not known."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, Final

from .expressions import Expressions
from .methods import BUILTINS, call_plain, changes
from .values import (
    BoundMethod,
    CannotTellError,
    ClassValue,
    ForeignValue,
    FunctionValue,
    LostError,
    Scope,
    Unknown,
    bounded,
    unknown,
)

_DEEPEST: Final = 20


class Calls(Expressions):
    """Tells the values of calls, too, and what may have changed by those that it cannot follow."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    @abstractmethod
    def returned(self, body: list[ast.stmt], scope: Scope) -> Any:  # noqa: ANN401  # any value
        """Run a function's body and return its value, which may be `Unknown`."""

    def _of_call(self, node: ast.Call, scope: Scope) -> Any:  # noqa: ANN401  # any value
        try:
            function = self.evaluate(node.func, scope)
        except CannotTellError as error:
            self.poison([node], scope, error.unknown)
            raise
        if any(keyword.arg is None for keyword in node.keywords) or any(
            isinstance(argument, ast.Starred) for argument in node.args
        ):
            why = unknown("arguments with a star are not followed", node)
            self.poison([node], scope, why)
            raise CannotTellError(why)
        given = [self._argument(argument, scope) for argument in node.args]
        named = {str(keyword.arg): self._argument(keyword.value, scope) for keyword in node.keywords}
        return self.call(function, given, named, node)

    def _argument(self, node: ast.expr, scope: Scope) -> Any:  # noqa: ANN401  # any value
        try:
            return self.evaluate(node, scope)
        except CannotTellError as error:
            self.poison([node], scope, error.unknown)
            return error.unknown

    def call(self, function: object, given: list[Any], named: dict[str, Any], node: ast.AST) -> Any:  # noqa: ANN401  # any value
        """Return the value of a call.

        Raises:
            CannotTellError: The source alone does not tell it.
            LostError: Nor does it tell what else the call does.
        """
        if isinstance(function, BoundMethod):
            return self._call_method(function, given, named, node)
        if isinstance(function, FunctionValue):
            return self._call_function(function, given, named, node)
        if function is BUILTINS["print"]:
            return None
        if isinstance(function, ClassValue) or function not in BUILTINS.values():
            why = unknown("this call is not followed", node)
            for value in (function, *given, *named.values()):
                self._spoil_reachable(value, why, set())
            raise CannotTellError(why)
        if named and function is not dict:
            raise CannotTellError(unknown("arguments with a name are not followed here", node))
        values = [self.sound(value) for value in given]
        members = {name: self.sound(value) for name, value in named.items()}
        return function(*values, **members)  # type: ignore[operator]  # one of BUILTINS

    def _call_method(
        self, method: BoundMethod, given: list[Any], named: dict[str, Any], node: ast.AST
    ) -> Any:  # noqa: ANN401  # any value
        owner = method.owner
        if isinstance(owner, ClassValue):
            function = owner.find(method.name)
            first = [owner] if function.takes_class else []
            return self._call_function(function, [*first, *given], named, node)
        if isinstance(owner, ForeignValue):
            return self._call_foreign(owner, method.name, given, named, node)
        try:
            for value in (*given, *named.values()):
                self.check(value)
        except CannotTellError as error:
            if changes(method.name):
                self.spoil(owner, error.unknown)
            raise
        result = call_plain(owner, method.name, given, named)
        bounded(owner, node)
        return result

    def _call_foreign(
        self, owner: ForeignValue, name: str, given: list[Any], named: dict[str, Any], node: ast.AST
    ) -> Any:  # noqa: ANN401  # any value
        try:
            if name not in owner.methods:
                raise CannotTellError(unknown(f"{name!r} is not followed", node))  # noqa: TRY301  # as an argument that is not known
            values = [self.sound(value) for value in given]
            return owner.methods[name](*values, **{key: self.sound(value) for key, value in named.items()})
        except CannotTellError as error:
            owner.uncertain(name, error.unknown)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            owner.uncertain(name, unknown(str(error), node))
        return None

    def _call_function(
        self, function: FunctionValue, given: list[Any], named: dict[str, Any], node: ast.AST
    ) -> Any:  # noqa: ANN401  # any value
        if self._depth >= _DEEPEST:
            raise LostError(unknown("calls are nested too deeply to follow", node))
        scope = Scope(function.scope)
        self._bind(function, given, named, scope, node)
        self._depth += 1
        try:
            return self.check(self.returned(function.node.body, scope))
        finally:
            self._depth -= 1

    @staticmethod
    def _bind(
        function: FunctionValue, given: list[Any], named: dict[str, Any], scope: Scope, node: ast.AST
    ) -> None:
        parameters = function.node.args
        if parameters.vararg or parameters.kwarg:
            raise LostError(unknown("a function with a star is not followed", node))
        names = [each.arg for each in (*parameters.posonlyargs, *parameters.args)]
        scope.names.update(function.defaults)
        scope.names.update(zip(names, given, strict=False))
        scope.names.update(named)
        known = {*names, *(each.arg for each in parameters.kwonlyargs)}
        if len(given) > len(names) or set(scope.names) != known:
            raise LostError(unknown(f"{function.node.name}() does not take these arguments", node))

    def poison(self, nodes: Iterable[ast.AST], scope: Scope, why: Unknown) -> None:
        """Take everything as changed that code which cannot be followed may change by its names."""
        self._poison(nodes, scope, why, set())

    def _poison(self, nodes: Iterable[ast.AST], scope: Scope, why: Unknown, seen: set[int]) -> None:
        for node in (found for top in nodes for found in ast.walk(top)):
            if isinstance(node, ast.Global):
                scope.shared.update(node.names)
            if not isinstance(node, ast.Name):
                continue
            if not isinstance(node.ctx, ast.Load):
                scope.bind(node.id, why)
                continue
            try:
                value = scope.find(node.id)
            except KeyError:
                continue
            self._spoil_reachable(value, why, seen)

    def _spoil_reachable(self, value: object, why: Unknown, seen: set[int]) -> None:
        self.step(ast.Pass(lineno=why.line))
        self.spoil(value, why)
        if id(value) in seen:
            return
        if isinstance(value, FunctionValue):
            seen.add(id(value))
            self._poison(value.node.body, Scope(value.scope), why, seen)
        elif isinstance(value, ClassValue):
            seen.add(id(value))
            for member in (*value.bases, *value.scope.names.values()):
                self._spoil_reachable(member, why, seen)
