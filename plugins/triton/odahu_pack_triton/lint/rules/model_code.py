"""The code of a Python model as its rules look at it: parsed, never run."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from odahu_pack_core import ArtifactError
from odahu_pack_triton.backends import BACKENDS
from odahu_pack_triton.config import Place
from odahu_pack_triton.lint.rule import Subject

from .facts import backend_of
from .loaded import expected_files, loaded_versions

MODEL_CLASS: Final = "TritonPythonModel"

_LARGEST: Final = 256 * 1024
_HIDDEN: Final = ("setattr(", "globals(", "exec(", "vars(", "__getattr__", "__dict__")
"""Ways to give a class or a module members that its text does not show."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class ModelCode:
    """One ``model.py``.

    Args:
        path: Below the model's folder.
        source: Its text.
        python: The Python X.Y that will run it.
    """

    path: str
    source: str
    python: str

    @cached_property
    def tree(self) -> ast.Module | SyntaxError | None:
        """The code, or why that Python does not take it; None where nobody knows."""
        major, minor = map(int, self.python.split("."))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.source, feature_version=(major, minor))
        except SyntaxError as error:
            # A newer Python than ours may know the syntax.
            return error if sys.version_info[:2] >= (major, minor) else None
        except (ValueError, RecursionError, MemoryError):
            return None

    @property
    def hides_names(self) -> bool:
        """Whether it may have classes and functions that its text does not show."""
        return "import *" in self.source or any(word in self.source for word in _HIDDEN)

    @cached_property
    def model_class(self) -> ast.ClassDef | None:
        """The model's class, where its text shows all that it has."""
        if not isinstance(self.tree, ast.Module) or self.hides_names:
            return None
        found = [node for node in ast.walk(self.tree) if _binds_model_class(node)]
        node = found[0] if len(found) == 1 else None
        is_plain = isinstance(node, ast.ClassDef) and node in self.tree.body and not node.decorator_list
        return node if isinstance(node, ast.ClassDef) and is_plain and not _inherits(node) else None

    def method(self, name: str) -> Function | None:
        """Return a method of the model's class that is written once and plainly."""
        node = self.model_class
        members = [each for each in ast.walk(node) if _is_called(each, name)] if node else []
        only = members[0] if len(members) == 1 else None
        is_member = node is not None and only in node.body
        return only if is_member and isinstance(only, (ast.FunctionDef, ast.AsyncFunctionDef)) else None


def place_of_node(node: ast.AST) -> Place:
    """Return where a piece of code stands."""
    return Place(getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1)


def model_codes(subject: Subject) -> Iterator[ModelCode]:
    """Yield the code of each version of a Python model that Triton will load."""
    if backend_of(subject) != "python":
        return
    (file,) = expected_files(subject, BACKENDS["python"])
    for version in loaded_versions(subject):
        path = f"{version}/{file}"
        entry = subject.folder.entries.get(path)
        if entry is None or entry.is_folder or entry.size > _LARGEST:
            continue
        try:
            source = subject.folder.read_text(path)
        except ArtifactError:  # not UTF-8: Python may know better
            continue
        yield _code(path, source, subject.release.python)


# Every rule about code asks for the same, one after the other.
_code = lru_cache(maxsize=4)(ModelCode)


def _inherits(node: ast.ClassDef) -> bool:
    plain = all(isinstance(base, ast.Name) and base.id == "object" for base in node.bases)
    return not plain or bool(node.keywords)


def _binds_model_class(node: ast.AST) -> bool:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return node.name == MODEL_CLASS
    if isinstance(node, ast.alias):
        return MODEL_CLASS in {node.name, node.asname}
    return isinstance(node, ast.Name) and node.id == MODEL_CLASS


def _is_called(node: ast.AST, name: str) -> bool:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return node.name == name
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
