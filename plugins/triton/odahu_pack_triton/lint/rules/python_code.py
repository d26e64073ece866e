"""TR52x: the code of Python models."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from odahu_pack_triton.config import Place
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import near
from .model_code import MODEL_CLASS, Function, ModelCode, model_codes, place_of_node

_COMPLETE: Final = "auto_complete_config"
_BOUND: Final = 2
"""The object itself and one argument."""


@dataclass(frozen=True)
class _Call:
    """How Triton calls a method.

    Args:
        method: Its name.
        form: How its first line is to look.
        given: Arguments that a plain function is given, with the object itself where there is one.
    """

    method: str
    form: str
    given: int


_CALLS: Final = (
    _Call("__init__", "def __init__(self):", 1),
    _Call("initialize", "def initialize(self, args):", _BOUND),
    _Call("execute", "def execute(self, requests):", _BOUND),
)


@rule("TR521", "model-syntax", Severity.ERROR)
def model_syntax(subject: Subject) -> Iterator[Fault]:
    """The model's code is not Python, or needs a newer Python than Triton runs it with.

    The model fails to load: `SyntaxError`. A model runs with the Python of its release, which is 3.6 until
    20.11, 3.8 until 23.04, 3.10 until 24.10, then 3.12
    ([python_backend](https://github.com/triton-inference-server/python_backend#building-custom-python-backend-stub)).
    """
    for code in model_codes(subject):
        if isinstance(code.tree, SyntaxError):
            place = Place(code.tree.lineno or 1, max(code.tree.offset or 1, 1))
            reason = f"Python {code.python} does not take it: {code.tree.msg[:200]}"
            yield Fault(reason, file=code.path, place=place)


@rule("TR522", "no-model-class", Severity.ERROR)
def no_model_class(subject: Subject) -> Iterator[Fault]:
    """The model's code has no class `TritonPythonModel`.

    The model fails to load: `has no attribute 'TritonPythonModel'`
    ([python_backend](https://github.com/triton-inference-server/python_backend#usage)). The class has this
    very name in every Python model.
    """
    for code in model_codes(subject):
        if isinstance(code.tree, ast.Module) and not code.hides_names and MODEL_CLASS not in code.source:
            classes = [node for node in code.tree.body if isinstance(node, ast.ClassDef)]
            names = [node.name for node in classes]
            place = place_of_node(classes[0]) if len(classes) == 1 else None
            hint = f"rename the class {names[0][:60]}" if len(names) == 1 else near(MODEL_CLASS, names)
            yield Fault(f"there is no class {MODEL_CLASS}", hint=hint, file=code.path, place=place)


@rule("TR523", "no-execute", Severity.ERROR)
def no_execute(subject: Subject) -> Iterator[Fault]:
    """The class `TritonPythonModel` has no method `execute`.

    Triton loads the model, and every request fails: `does not implement execute method`
    ([python_backend](https://github.com/triton-inference-server/python_backend#execute)).

    ```python
    def execute(self, requests):
        return [self.answer(request) for request in requests]
    ```
    """
    for code in model_codes(subject):
        if code.model_class and not any(_names(node, "execute") for node in ast.walk(code.model_class)):
            place = place_of_node(code.model_class)
            yield Fault(f"{MODEL_CLASS} has no execute", file=code.path, place=place)


@rule("TR524", "method-arguments", Severity.ERROR)
def method_arguments(subject: Subject) -> Iterator[Fault]:
    """A method of `TritonPythonModel` does not take the arguments that Triton gives it.

    Triton makes an object without arguments, calls `initialize(args)` where there is one, and
    `execute(requests)` for requests
    ([python_backend](https://github.com/triton-inference-server/python_backend#usage)). The model fails to
    load, or every request fails: `TypeError`.

    ```python
    def initialize(self, args):
        self.name = args["model_name"]
    ```
    """
    for code in model_codes(subject):
        for call in _CALLS:
            function = code.method(call.method)
            if function and not _takes(function, call.given):
                reason = f"{call.method} does not take what Triton gives it"
                yield _fault(code, function, reason, f"write {call.form}")


@rule("TR525", "completion-not-static", Severity.ERROR)
def completion_not_static(subject: Subject) -> Iterator[Fault]:
    """`auto_complete_config` cannot be called without an object.

    Triton calls it before there is one, and the model fails to load: `missing 1 required positional argument`
    ([python_backend](https://github.com/triton-inference-server/python_backend#auto_complete_config)).

    ```python
    @staticmethod
    def auto_complete_config(auto_complete_model_config):
    ```
    """
    for code, function in _completions(subject):
        if not _takes(function, 1):
            yield _fault(
                code, function, f"{_COMPLETE} is not static", "write @staticmethod, and one argument"
            )


@rule("TR526", "completion-without-result", Severity.ERROR)
def completion_without_result(subject: Subject) -> Iterator[Fault]:
    """`auto_complete_config` returns nothing.

    Triton takes what it returns for the configuration, and refuses the model otherwise:
    `must return a valid pb.ModelConfig object`
    ([python_backend](https://github.com/triton-inference-server/python_backend#auto_complete_config)). End it
    with

    ```python
    return auto_complete_model_config
    ```
    """
    for code, function in _completions(subject):
        returns = (node for node in ast.walk(function) if isinstance(node, ast.Return))
        if not any(node.value is not None for node in returns):
            yield _fault(code, function, f"{_COMPLETE} returns nothing", "return the configuration")


def _completions(subject: Subject) -> Iterator[tuple[ModelCode, Function]]:
    """Yield each `auto_complete_config` that the release calls."""
    if subject.release.completes_python:
        for code in model_codes(subject):
            if function := code.method(_COMPLETE):
                yield code, function


def _fault(code: ModelCode, function: Function, reason: str, hint: str) -> Fault:
    return Fault(reason, hint=hint, file=code.path, place=place_of_node(function))


def _names(node: ast.AST, name: str) -> bool:
    own = getattr(node, "name", None), getattr(node, "id", None), getattr(node, "attr", None)
    return name in own or (isinstance(node, ast.alias) and node.asname == name)


def _takes(function: Function, given: int) -> bool:
    """Tell whether a method takes so many arguments; yes where a decorator may change it.

    Args:
        function: The method.
        given: Arguments for a plain function, with the object itself.
    """
    decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
    if decorators not in ([], ["staticmethod"], ["classmethod"]):
        return True
    is_complete = function.name == _COMPLETE
    if decorators == ["staticmethod"] and not is_complete:
        given -= 1
    if decorators == ["classmethod"] and is_complete:
        given += 1
    arguments = function.args
    most = len(arguments.posonlyargs) + len(arguments.args)
    least = most - len(arguments.defaults)
    needs_keywords = any(default is None for default in arguments.kw_defaults)
    return least <= given and (given <= most or arguments.vararg is not None) and not needs_keywords
