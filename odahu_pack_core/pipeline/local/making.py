"""A plan made ready on this machine: versions chosen, environments installed, files laid out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from odahu_pack_core.command import SubprocessRunner
from odahu_pack_core.environment.cache import ENVIRONMENTS, Cache
from odahu_pack_core.environment.compiler import CompilerSearch
from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.events import Decision, Notice
from odahu_pack_core.pipeline.reporter import Reporter
from odahu_pack_core.pipeline.resolving import resolve_plan
from odahu_pack_core.pipeline.surroundings import Surroundings
from odahu_pack_core.plan.artifact import ModelArtifact
from odahu_pack_core.plan.build_plan import BuildPlan, FilesLayer, ResolvedPlan
from odahu_pack_core.plan.environment import EnvironmentLayer
from odahu_pack_core.plan.files import Folder
from odahu_pack_core.plan.instruction import AddLayer, Workdir
from odahu_pack_core.values import dataclass

from .layout import Layout, Standing, merged
from .machine import ThisMachine
from .model import KIND as MODELS
from .model import used_in_place
from .program import PROGRAMS, check_builds_here

_ROOTS: Final = "programs"
_KINDS: Final = (MODELS, _ROOTS, ENVIRONMENTS)


@dataclass(frozen=True)
class Making:
    """A plan on its way to a folder that stands for its image's root.

    Args:
        plan: The plan.
        artifact: The model, in a folder.
        cache: Keeps what is made.
        surroundings: Environment variables, and whether versions are asked for anew.
        reporter: Receives the events.
    """

    plan: BuildPlan
    artifact: ModelArtifact
    cache: Cache
    surroundings: Surroundings
    reporter: Reporter

    def resolve(self, python: Path | None) -> ResolvedPlan:
        """Return the plan with this machine for its base.

        Args:
            python: The interpreter that the user named; None to look for one.

        Raises:
            DependencyError: The dependencies, or their Python, cannot be had.
            PlanError: Something runs while the image is built.
        """
        search = CompilerSearch(self.cache, self.surroundings.environ, SubprocessRunner())
        with self.reporter.step("resolve", f"Resolve dependencies of {self.artifact.name}"):
            resolved = resolve_plan(
                self.plan,
                engine=ThisMachine.of(self.plan, search, python),
                because=Decision("engine", "none", "the program runs on this machine"),
                pull=None,
                environments=self._environments,
                artifact=self.artifact,
                emit=self.reporter.emit,
            )
        check_builds_here(resolved)
        return resolved

    def root(self, layout: Layout) -> Path:
        """Return what stands for the image's root, made if it is not there.

        Args:
            layout: What is in it.

        Raises:
            PlanError: It cannot be laid out.
            DependencyError: The cache cannot be written.
        """
        entry = self.cache.entry(_ROOTS, layout.key, "")
        waiting = Notice("waiting for another run that lays out the same program")
        return self.cache.folder_entry(
            entry, lambda scratch: layout.write(scratch / "root"), lambda: self.reporter.emit(waiting)
        )

    def layout(self, resolved: ResolvedPlan) -> Layout:
        """Return what is to be laid out, environments made.

        Args:
            resolved: The plan with this machine for its base.

        Raises:
            DependencyError: A package cannot be had any more.
        """
        layers = {layer.name: layer for layer in self.plan.layers}
        added = [layers[each.layer] for each in self.plan.instructions if isinstance(each, AddLayer)]
        folders = [Folder(each.path) for each in self.plan.instructions if isinstance(each, Workdir)]
        files = merged([folders, *(layer.files for layer in added if isinstance(layer, FilesLayer))])
        own, in_place = used_in_place(files, self.artifact)
        with self.reporter.step("environment", f"Install dependencies of {self.artifact.name}"):
            environments = self._folders(resolved)
        return Layout(environments, own, (*in_place, *_interpreter(resolved)))

    def _folders(self, resolved: ResolvedPlan) -> Standing:
        """Make all environments."""
        (image,) = resolved.images
        layers = [layer for layer in self.plan.layers if isinstance(layer, EnvironmentLayer)]
        root, emit = self.artifact.root, self.reporter.emit
        return tuple(
            (layer.prefix, self._environments.folder(layer, environment, image.base, root, emit))
            for layer, environment in zip(layers, image.environments, strict=True)
        )

    @property
    def _environments(self) -> Environments:
        around = self.surroundings
        return Environments(self.cache.folder, around.environ, SubprocessRunner(), refresh=around.refresh)


def kept_folders(layout: Layout, cache: Cache) -> Iterator[Path]:
    """Yield the folders of the cache that a layout leads to.

    Args:
        layout: The layout.
        cache: The cache.
    """
    yield from (folder for _, folder in layout.environments)
    models = cache.folder_of(MODELS)
    yield from {
        models / there.relative_to(models).parts[0]
        for _, there in layout.in_place
        if there.is_relative_to(models)
    }


def forget_unused(cache: Cache, before: float) -> None:
    """Remove what no run has used for long.

    Args:
        cache: The cache.
        before: When it was used last, in seconds since 1970.

    Raises:
        DependencyError: The cache cannot be written.
    """
    for kind in _KINDS:
        cache.forget(kind, lambda entry: entry.stat().st_mtime < before)


def _interpreter(resolved: ResolvedPlan) -> Standing:
    """Return the names under which a base image has its Python."""
    base = resolved.images[0].base
    if base.interpreter is None or not Path(base.interpreter).exists():
        return ()
    names = ("python", "python3", f"python{base.python}")
    return tuple((f"{PROGRAMS}/{name}", Path(base.interpreter)) for name in names)
