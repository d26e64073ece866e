"""The values of expressions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final

from .knowledge import Knowledge
from .methods import BUILTINS, has_method
from .operators import OPERATORS, repeats_too_much
from .values import (
    PLAIN,
    BoundMethod,
    CannotTellError,
    ClassValue,
    ForeignValue,
    FunctionValue,
    LostError,
    Scope,
    bounded,
    unknown,
)

# They may give any name another meaning.
_REACHING: Final = frozenset({"delattr", "eval", "exec", "globals", "locals", "setattr", "vars"})


class Expressions(Knowledge):
    """Tells the values of expressions."""

    def evaluate(self, node: ast.expr, scope: Scope) -> Any:  # noqa: ANN401  # any value
        """Return the value of an expression.

        Raises:
            CannotTellError: The source alone does not tell.
            LostError: Nor does it tell how the program goes on.
        """
        self.step(node)
        rule = getattr(self, f"_of_{type(node).__name__.lower()}", None)
        if rule is None:
            raise CannotTellError(unknown(f"{type(node).__name__} is not followed", node))
        try:
            return bounded(rule(node, scope), node)
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise CannotTellError(unknown(f"{type(error).__name__}: {error}", node)) from None

    def _of_constant(self, node: ast.Constant, _scope: Scope) -> Any:  # noqa: ANN401  # any value
        if not isinstance(node.value, PLAIN):
            raise CannotTellError(unknown(f"{type(node.value).__name__} is not followed", node))
        return node.value

    def _of_name(self, node: ast.Name, scope: Scope) -> Any:  # noqa: ANN401  # any value
        try:
            return self.check(scope.find(node.id))
        except KeyError:
            if node.id in BUILTINS:
                return BUILTINS[node.id]
            if node.id in _REACHING:
                raise LostError(unknown(f"{node.id}() may change anything", node)) from None
            raise CannotTellError(unknown(f"{node.id!r} is not defined in this file", node)) from None

    def _of_list(self, node: ast.List, scope: Scope) -> list[Any]:
        return list(self._elements(node.elts, scope))

    def _of_tuple(self, node: ast.Tuple, scope: Scope) -> tuple[Any, ...]:
        return tuple(self._elements(node.elts, scope))

    def _elements(self, nodes: list[ast.expr], scope: Scope) -> Iterator[Any]:
        for node in nodes:
            if isinstance(node, ast.Starred):
                yield from self.iterable(node.value, scope)
            else:
                yield self.evaluate(node, scope)

    def _of_dict(self, node: ast.Dict, scope: Scope) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                made.update(self.evaluate(value, scope))
            else:
                made[self.sound(self.evaluate(key, scope))] = self.evaluate(value, scope)
        return made

    def _of_subscript(self, node: ast.Subscript, scope: Scope) -> Any:  # noqa: ANN401  # any value
        container = self.evaluate(node.value, scope)
        if isinstance(node.slice, ast.Slice):
            parts = (node.slice.lower, node.slice.upper, node.slice.step)
            return container[slice(*(None if part is None else self.evaluate(part, scope) for part in parts))]
        return self.check(container[self.sound(self.evaluate(node.slice, scope))])

    def _of_attribute(self, node: ast.Attribute, scope: Scope) -> Any:  # noqa: ANN401  # any value
        owner = self.evaluate(node.value, scope)
        if isinstance(owner, ClassValue):
            value = self.check(owner.find(node.attr))
            return BoundMethod(owner, node.attr) if isinstance(value, FunctionValue) else value
        if isinstance(owner, ForeignValue) or has_method(owner, node.attr):
            return BoundMethod(owner, node.attr)
        raise CannotTellError(unknown(f"attribute {node.attr!r} is not followed", node))

    def _of_binop(self, node: ast.BinOp, scope: Scope) -> Any:  # noqa: ANN401  # any value
        left, right = self.evaluate(node.left, scope), self.evaluate(node.right, scope)
        if isinstance(node.op, ast.Mult) and repeats_too_much(left, right):
            raise CannotTellError(unknown("a value grows too large to follow", node))
        if type(node.op) not in OPERATORS or (isinstance(node.op, ast.Mod) and isinstance(left, str)):
            raise CannotTellError(unknown(f"operator {type(node.op).__name__} is not followed", node))
        return OPERATORS[type(node.op)](left, right)

    def _of_unaryop(self, node: ast.UnaryOp, scope: Scope) -> Any:  # noqa: ANN401  # any value
        return OPERATORS[type(node.op)](self.evaluate(node.operand, scope))

    def _of_boolop(self, node: ast.BoolOp, scope: Scope) -> Any:  # noqa: ANN401  # any value
        value = None
        for operand in node.values:
            value = self.evaluate(operand, scope)
            if bool(value) is isinstance(node.op, ast.Or):
                break
        return value

    def _of_compare(self, node: ast.Compare, scope: Scope) -> bool:
        left = self.evaluate(node.left, scope)
        for operation, operand in zip(node.ops, node.comparators, strict=True):
            right = self.evaluate(operand, scope)
            if not OPERATORS[type(operation)](self.sound(left), self.sound(right)):
                return False
            left = right
        return True

    def _of_ifexp(self, node: ast.IfExp, scope: Scope) -> Any:  # noqa: ANN401  # any value
        return self.evaluate(node.body if self.evaluate(node.test, scope) else node.orelse, scope)

    def _of_joinedstr(self, node: ast.JoinedStr, scope: Scope) -> str:
        return "".join(str(self.sound(self.evaluate(part, scope))) for part in node.values)

    def _of_formattedvalue(self, node: ast.FormattedValue, scope: Scope) -> str:
        value = self.evaluate(node.value, scope)
        if node.conversion != -1 or node.format_spec is not None or not isinstance(value, (str, int)):
            raise CannotTellError(unknown("this form of text is not followed", node))
        return str(value)

    def _of_listcomp(self, node: ast.ListComp, scope: Scope) -> list[Any]:
        return [self.evaluate(node.elt, inner) for inner in self._turns(node.generators, scope)]

    _of_of_generatorexp = _of_listcomp

    def _of_dictcomp(self, node: ast.DictComp, scope: Scope) -> dict[Any, Any]:
        turns = self._turns(node.generators, scope)
        return {
            self.sound(self.evaluate(node.key, inner)): self.evaluate(node.value, inner) for inner in turns
        }

    def _turns(self, generators: list[ast.comprehension], scope: Scope) -> Iterator[Scope]:
        if not generators:
            yield scope
            return
        first, *rest = generators
        for element in self.iterable(first.iter, scope):
            self.step(first.iter)
            inner = Scope(scope)
            self.assign(first.target, element, inner)
            if all(self.evaluate(test, inner) for test in first.ifs):
                yield from self._turns(rest, inner)

    def iterable(self, node: ast.expr, scope: Scope) -> list[Any]:
        """Return what a loop goes through."""
        value = self.evaluate(node, scope)
        if not isinstance(value, (list, tuple, dict, str)):
            raise CannotTellError(unknown("what is gone through is not known", node))
        return list(value)

    def assign(self, target: ast.expr, value: object, scope: Scope) -> None:
        """Let a target of an assignment be a value, which may be `Unknown`."""
        if isinstance(target, ast.Name):
            scope.bind(target.id, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._assign_each(target.elts, value, scope)
        elif isinstance(target, ast.Subscript):
            self._assign_element(target, value, scope)
        elif isinstance(target, ast.Attribute):
            self._assign_attribute(target, value, scope)

    def _assign_each(self, targets: list[ast.expr], value: object, scope: Scope) -> None:
        known = isinstance(value, (list, tuple)) and len(value) == len(targets)
        if not known or any(isinstance(target, ast.Starred) for target in targets):
            value = [unknown("what is unpacked here is not known", target) for target in targets]
        assert isinstance(value, (list, tuple))  # noqa: S101  # by the lines above
        for target, element in zip(targets, value, strict=True):
            self.assign(target.value if isinstance(target, ast.Starred) else target, element, scope)

    def _assign_element(self, target: ast.Subscript, value: object, scope: Scope) -> None:
        try:
            container = self.evaluate(target.value, scope)
        except CannotTellError as error:
            self.spoil(value, error.unknown)
            return
        try:
            container[self.sound(self.evaluate(target.slice, scope))] = self.check(value)
        except CannotTellError as error:
            self.spoil(container, error.unknown)
        except (TypeError, LookupError) as error:
            self.spoil(container, unknown(f"{type(error).__name__}: {error}", target))

    def _assign_attribute(self, target: ast.Attribute, value: object, scope: Scope) -> None:
        try:
            owner = self.evaluate(target.value, scope)
        except CannotTellError as error:
            self.spoil(value, error.unknown)
            return
        if isinstance(owner, ClassValue):
            owner.scope.names[target.attr] = value
