"""A base image as a value: its names, its Dockerfile, the files it needs, the proof that it holds true."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Kitchen", "Recipe"]


@dataclass(frozen=True)
class Kitchen:
    """What a recipe may use while it prepares its build context.

    Args:
        context: The build context, an empty folder that the recipe fills.
        pantry: A folder that outlives the run, for what is dear to make.
        environ: The environment variables of the commands it starts.
    """

    context: Path
    pantry: Path
    environ: Mapping[str, str]


@dataclass(frozen=True)
class Recipe:
    """One base image.

    Args:
        name: What the workbench calls it, such as ``python3.11``.
        references: The image references it gets, such as ``python:3.11-slim``.
        dockerfile: Its Dockerfile; ``@PARENT@`` stands for the parent's image.
        proof: A command that succeeds in the image only if it holds what its references say.
        prepare: Puts the files that the Dockerfile adds into the build context.
        parent: The recipe it is built from.
        inputs: What else decides about the contents, such as the version of an interpreter.
    """

    name: str
    references: tuple[str, ...]
    dockerfile: str
    proof: tuple[str, ...]
    prepare: Callable[[Kitchen], None] | None = None
    parent: "Recipe | None" = None
    inputs: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """The reference that says from which recipe an image was made; it changes with the recipe."""
        decisive = [self.dockerfile, self.proof, self.inputs, self.parent.mark if self.parent else ""]
        digest = hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:16]
        return f"odahu-pack-workbench/{self.name}:{digest}"
