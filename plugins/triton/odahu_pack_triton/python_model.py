"""What can be read from a Python model's ``model.py`` without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from odahu_pack_core import ArtifactError, ModelArtifact

_MODEL_CLASS = "TritonPythonModel"
_COMPLETES = "auto_complete_config"


def completes_its_config(artifact: ModelArtifact, file: str) -> bool:
    """Tell whether a Python model defines ``auto_complete_config``, from which Triton learns its tensors.

    Args:
        artifact: The artifact.
        file: The model's file.

    Raises:
        ArtifactError: The file is not Python.
    """
    try:
        tree = ast.parse(artifact.read_text(file))
    except SyntaxError as error:
        raise ArtifactError(f"{file}, line {error.lineno or 1}: {error.msg}", code="model-syntax") from None
    except (ValueError, RecursionError, MemoryError):
        raise ArtifactError(f"{file} is not Python source that can be read", code="model-syntax") from None
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == _MODEL_CLASS]
    return any(_COMPLETES in _bound_names(node) for node in classes)


def _bound_names(node: ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            yield statement.name
        elif isinstance(statement, ast.Assign):
            yield from (target.id for target in statement.targets if isinstance(target, ast.Name))
