"""What statements do to the names of their scope."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from .calls import Calls
from .values import CannotTellError, ClassValue, FunctionValue, LostError, Scope, Unknown, unknown

_LOOPS: Final = (ast.For, ast.AsyncFor, ast.While)
_DEFINITIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_BREAK, _CONTINUE = "break", "continue"


@dataclass(frozen=True)
class _Returned:
    value: Any


_Flow = _Returned | str | None


class Interpreter(Calls):
    """Goes through statements as Python would, as far as their values are known."""

    def returned(self, body: list[ast.stmt], scope: Scope) -> Any:  # noqa: ANN401  # any value
        """Run a function's body and return its value, which may be `Unknown`.

        Raises:
            LostError: The source alone does not tell where it ends.
        """
        if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _inside(body)):
            raise LostError(unknown("a generator is not followed", body[0]))
        flow = self.run(body, scope)
        return flow.value if isinstance(flow, _Returned) else None

    def run(self, body: list[ast.stmt], scope: Scope) -> _Flow:
        """Run statements.

        Returns:
            How they end where that is not at their end.

        Raises:
            LostError: The source alone does not tell how they end.
        """
        for statement in body:
            self.step(statement)
            rule = getattr(self, f"_do_{type(statement).__name__.lower()}", self._do_anything)
            flow: _Flow = rule(statement, scope)
            if flow is not None:
                return flow
        return None

    def _value(self, node: ast.expr, scope: Scope) -> Any:  # noqa: ANN401  # any value
        """Return the value of an expression, or that it is not known, with all that follows from it."""
        try:
            return self.evaluate(node, scope)
        except CannotTellError as error:
            self.poison([node], scope, error.unknown)
            return error.unknown

    def _do_expr(self, node: ast.Expr, scope: Scope) -> None:
        self._value(node.value, scope)

    def _do_assign(self, node: ast.Assign, scope: Scope) -> None:
        value = self._value(node.value, scope)
        for target in node.targets:
            self.assign(target, value, scope)

    def _do_annassign(self, node: ast.AnnAssign, scope: Scope) -> None:
        if node.value is not None:
            self.assign(node.target, self._value(node.value, scope), scope)

    def _do_augassign(self, node: ast.AugAssign, scope: Scope) -> None:
        read = ast.copy_location(_loaded(node.target), node)
        before = self._value(read, scope)
        if isinstance(before, list) and isinstance(node.op, ast.Add):
            try:
                before.extend(self.iterable(node.value, scope))
            except CannotTellError as error:
                self.spoil(before, error.unknown)
            return
        combined = ast.copy_location(ast.BinOp(left=read, op=node.op, right=node.value), node)
        self.assign(node.target, self._value(combined, scope), scope)

    def _do_if(self, node: ast.If, scope: Scope) -> _Flow:
        test = self._value(node.test, scope)
        if isinstance(test, Unknown):
            return self._skip(node, scope, test)
        return self.run(node.body if test else node.orelse, scope)

    def _do_for(self, node: ast.For, scope: Scope) -> _Flow:
        try:
            elements = self.iterable(node.iter, scope)
        except CannotTellError as error:
            return self._skip(node, scope, error.unknown)
        for element in elements:
            self.assign(node.target, element, scope)
            flow = self.run(node.body, scope)
            if flow == _BREAK:
                return None
            if isinstance(flow, _Returned):
                return flow
        return self.run(node.orelse, scope)

    def _do_while(self, node: ast.While, scope: Scope) -> _Flow:
        while True:
            test = self._value(node.test, scope)
            if isinstance(test, Unknown):
                return self._skip(node, scope, test)
            if not test:
                return self.run(node.orelse, scope)
            flow = self.run(node.body, scope)
            if flow == _BREAK:
                return None
            if isinstance(flow, _Returned):
                return flow

    def _do_with(self, node: ast.With, scope: Scope) -> _Flow:
        for item in node.items:
            value = self._value(item.context_expr, scope)
            why = value if isinstance(value, Unknown) else unknown("a context is not followed", node)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, why, scope)
        return self.run(node.body, scope)

    def _do_functiondef(self, node: ast.FunctionDef, scope: Scope) -> None:
        decorators = [each.id if isinstance(each, ast.Name) else "" for each in node.decorator_list]
        if not {*decorators} <= {"staticmethod", "classmethod"}:
            scope.bind(node.name, unknown(f"{node.name}() is decorated", node))
            return
        defaults = dict(self._defaults(node.args, scope))
        seen = scope.parent if scope.of_class and scope.parent else scope
        scope.bind(node.name, FunctionValue(node, seen, "classmethod" in decorators, defaults))

    def _defaults(self, parameters: ast.arguments, scope: Scope) -> Iterator[tuple[str, Any]]:
        names = [each.arg for each in (*parameters.posonlyargs, *parameters.args)]
        with_default = names[len(names) - len(parameters.defaults) :]
        for name, node in zip(with_default, parameters.defaults, strict=True):
            yield name, self._value(node, scope)
        for parameter, default in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True):
            if default is not None:
                yield parameter.arg, self._value(default, scope)

    def _do_classdef(self, node: ast.ClassDef, scope: Scope) -> None:
        inner = Scope(scope, of_class=True)
        self.run(node.body, inner)
        if node.decorator_list or node.keywords:
            scope.bind(node.name, unknown(f"class {node.name} is decorated or has a metaclass", node))
        else:
            scope.bind(node.name, ClassValue(node.name, inner, tuple(self._bases(node.bases, scope))))

    def _bases(self, nodes: list[ast.expr], scope: Scope) -> Iterator[ClassValue | Unknown]:
        for node in nodes:
            if isinstance(node, ast.Name) and node.id == "object":
                continue
            value = self._value(node, scope)
            is_known = isinstance(value, (ClassValue, Unknown))
            yield value if is_known else unknown("a base class is not followed", node)

    def _do_import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            if alias.name == "*":
                for name in scope.names:
                    scope.bind(name, unknown("an import with a star may have replaced it", node))
                continue
            name = alias.asname or alias.name.partition(".")[0]
            scope.bind(name, unknown(f"{name!r} is imported", node))

    _do_importfrom = _do_import

    def _do_return(self, node: ast.Return, scope: Scope) -> _Flow:
        return _Returned(None if node.value is None else self._value(node.value, scope))

    def _do_global(self, node: ast.Global, scope: Scope) -> None:
        scope.shared.update(node.names)

    def _do_pass(self, node: ast.Pass, scope: Scope) -> None:
        """Do nothing."""

    _do_assert = _do_pass

    def _do_break(self, node: ast.Break, scope: Scope) -> _Flow:  # noqa: ARG002  # as its likes
        return _BREAK

    def _do_continue(self, node: ast.Continue, scope: Scope) -> _Flow:  # noqa: ARG002  # as its likes
        return _CONTINUE

    def _do_raise(self, node: ast.Raise, scope: Scope) -> _Flow:  # noqa: ARG002  # as its likes
        raise LostError(unknown("an exception is raised here", node))

    def _do_anything(self, node: ast.stmt, scope: Scope) -> _Flow:
        return self._skip(node, scope, unknown(f"{type(node).__name__.lower()} is not followed", node))

    def _skip(self, node: ast.stmt, scope: Scope, why: Unknown) -> _Flow:
        """Leave out a statement of which nobody knows what it does."""
        if _may_leave(node):
            raise LostError(why)
        self.poison([node], scope, why)
        for name in _defined(node):
            scope.bind(name, why)
        return None


def _loaded(target: ast.expr) -> ast.expr:
    """Return the target of an assignment as what is read there."""
    if isinstance(target, ast.Name):
        return ast.Name(id=target.id, ctx=ast.Load())
    if isinstance(target, ast.Attribute):
        return ast.Attribute(value=target.value, attr=target.attr, ctx=ast.Load())
    assert isinstance(target, ast.Subscript)  # noqa: S101  # Python's grammar has no other
    return ast.Subscript(value=target.value, slice=target.slice, ctx=ast.Load())


def _inside(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield every node of statements, without what they only define."""
    left: list[ast.AST] = list(body)
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, _DEFINITIONS):
            left += ast.iter_child_nodes(node)


def _may_leave(statement: ast.stmt) -> bool:
    """Tell whether a statement may end what surrounds it."""
    left: list[tuple[ast.AST, bool]] = [(statement, False)]
    while left:
        node, in_loop = left.pop()
        if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom, ast.Await, ast.Global)):
            return True
        if isinstance(node, (ast.Break, ast.Continue)) and not in_loop:
            return True
        if not isinstance(node, _DEFINITIONS):
            inner = in_loop or isinstance(node, _LOOPS)
            left += [(child, inner) for child in ast.iter_child_nodes(node)]
    return False


def _defined(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement may bind other than by assignment."""
    for node in ast.walk(statement):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name
