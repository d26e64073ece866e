"""Base images that hold what their names say, each built once and kept in the engine."""

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from workbench.command import run
from workbench.errors import PartMissingError, WorkbenchError
from workbench.recipes.debian import DEBIAN
from workbench.recipes.python import interpreters, python_recipe, python_references
from workbench.recipes.recipe import Kitchen, Recipe
from workbench.recipes.triton import TRITON
from workbench.state import StateFolder, locked

__all__ = ["BaseImages", "base_names", "recipe_named", "references_named"]

_MARKS = "odahu-pack-workbench/"
_FIXED = {recipe.name: recipe for recipe in (DEBIAN, TRITON)}


def base_names(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the names of all bases that this machine can make."""
    minors = sorted(interpreters(environ), key=lambda minor: int(minor.partition(".")[2]))
    return (DEBIAN.name, *(f"python{minor}" for minor in minors), TRITON.name)


def references_named(name: str) -> tuple[str, ...]:
    """Return the image references of a base; the first is the one to use.

    Args:
        name: ``debian``, ``triton`` or a Python such as ``python3.11``.

    Raises:
        PartMissingError: No base is called so.
    """
    if name in _FIXED:
        return _FIXED[name].references
    if re.fullmatch(r"python3\.\d+", name):
        return python_references(name.removeprefix("python"))
    raise PartMissingError(f"no base is called {name!r}: there are {', '.join(base_names())}")


def recipe_named(name: str, environ: Mapping[str, str] = os.environ) -> Recipe:
    """Return the recipe of a base.

    Args:
        name: ``debian``, ``triton`` or a Python such as ``python3.11``.
        environ: Where pyenv is looked up.

    Raises:
        PartMissingError: It cannot be made on this machine.
    """
    if name in _FIXED:
        return _FIXED[name]
    return python_recipe(name.removeprefix("python"), environ)


class BaseImages:
    """The base images in an engine.

    An image that somebody else put under one of the names, such as a pulled ``python:3.6``, is used
    as it is and never replaced.

    Args:
        environ: The environment of a running engine, ``DockerEngine.environ``.
        state: Where archives and locks are kept.
    """

    def __init__(self, environ: Mapping[str, str], state: StateFolder) -> None:
        self._environ = environ
        self._state = state

    def ensure(self, name: str) -> str:
        """Return the image reference of a base, building the image first if need be.

        Args:
            name: ``debian``, ``triton`` or a Python such as ``python3.11``.

        Raises:
            PartMissingError: Something that the base is made of cannot be had here.
            WorkbenchError: Building it failed, or it does not hold what its name says.
        """
        references = references_named(name)
        if all(self._is_foreign(reference) for reference in references):
            return references[0]
        return self.ensure_recipe(recipe_named(name, self._environ))

    def ensure_recipe(self, recipe: Recipe) -> str:
        """Return the first reference of a recipe, its mark if it has none, building the image if need be.

        Raises:
            PartMissingError: Something that the base is made of cannot be had here.
            WorkbenchError: Building it failed, or it does not hold what its name says.
        """
        with locked(self._state.file("bases.lock")):
            free = [reference for reference in recipe.references if not self._is_foreign(reference)]
            if free or not recipe.references:
                self._make(recipe, free)
        return (*recipe.references, recipe.mark)[0]

    def present(self) -> tuple[str, ...]:
        """Return the references of this machine's bases that are in the engine."""
        references = (reference for name in base_names(self._environ) for reference in references_named(name))
        return tuple(reference for reference in references if self._names(reference))

    def _is_foreign(self, reference: str) -> bool:
        """Say whether a reference names an image that the workbench did not make."""
        names = self._names(reference)
        return bool(names) and not any(name.startswith(_MARKS) for name in names)

    def _make(self, recipe: Recipe, references: list[str]) -> None:
        if not self._names(recipe.mark):
            self._build(recipe)
        for reference in references:
            self._docker("tag", recipe.mark, reference)
        self._forget_older(recipe)

    def _build(self, recipe: Recipe) -> None:
        if recipe.parent is not None:
            self._make(recipe.parent, [])
        with tempfile.TemporaryDirectory(dir=self._state.folder("bases")) as folder:
            image = self._cook(recipe, Path(folder))
        try:
            self._docker("run", "--rm", "--entrypoint", recipe.proof[0], image, *recipe.proof[1:])
        except WorkbenchError as error:
            self._docker("image", "rm", "--force", image)
            raise WorkbenchError(
                f"the base {recipe.name} does not hold what its name says: {error}"
            ) from error
        self._docker("tag", image, recipe.mark)

    def _cook(self, recipe: Recipe, context: Path) -> str:
        """Build the image without a name and return its id."""
        if recipe.prepare is not None:
            recipe.prepare(Kitchen(context, self._state.folder("bases"), self._environ))
        parent = recipe.parent.mark if recipe.parent else ""
        (context / "Dockerfile").write_text(recipe.dockerfile.replace("@PARENT@", parent))
        # `docker` 23 and newer prints BuildKit's progress unless told that the classic builder is meant.
        built = self._docker(
            "build", "--quiet", "--force-rm", "--network", "host", str(context), DOCKER_BUILDKIT="0"
        )
        return built.splitlines()[-1]

    def _forget_older(self, recipe: Recipe) -> None:
        repository = recipe.mark.partition(":")[0]
        marks = self._docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository).split()
        for mark in marks:
            if mark != recipe.mark:
                self._docker("image", "rm", "--force", mark)

    def _names(self, reference: str) -> list[str]:
        """Return all names of the image that a reference names; none when there is no such image."""
        try:
            told = self._docker("image", "inspect", "--format", "{{json .RepoTags}}", reference)
        except PartMissingError:
            raise
        except WorkbenchError:
            return []
        names: list[str] = json.loads(told)
        return names

    def _docker(self, *arguments: str, **extra: str) -> str:
        return run(["docker", *arguments], environ={**self._environ, **extra}, timeout=1800)
