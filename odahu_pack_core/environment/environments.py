"""Environments: chooses the mode and the versions of each environment, and makes its layers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from odahu_pack_core.blob.kept_layer import keep_layer, kept_layer
from odahu_pack_core.blob.packed_layer import PackedLayer
from odahu_pack_core.command import Runner
from odahu_pack_core.errors import DependencyError
from odahu_pack_core.events import Decision, EventSink, Notice
from odahu_pack_core.folders import put
from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.plan.environment import (
    EnvironmentLayer,
    EnvironmentPart,
    LockedPackage,
    Mode,
    ResolvedEnvironment,
)

from .cache import ENVIRONMENTS, Cache
from .compiler import Compilers, CompilerSearch
from .conda import can_link
from .lock import Sought, read_lock, sought_wheels, write_lock
from .modes import lacking, mode_of
from .part_layer import PartLayer
from .parts import Making, Wanted
from .target import Target
from .uv import HostPython, Uv


class Environments:
    """Resolves environments and makes their layers, both kept in a cache.

    Args:
        cache_dir: Where locks and layers are kept.
        environ: The user's environment variables.
        runner: Runs uv, and the Python that makes byte code.
        refresh: Whether to ask the indexes again, even where a lock is kept.
        byte_code: Whether layers hold byte code, where a Python of the image's version is on this machine.
    """

    def __init__(
        self,
        cache_dir: Path,
        environ: Mapping[str, str],
        runner: Runner,
        *,
        refresh: bool = False,
        byte_code: bool = True,
    ) -> None:
        self._cache = Cache(cache_dir.absolute())
        self._environ = environ
        self._runner = runner
        self._refresh = refresh
        self._compilers = Compilers(CompilerSearch(self._cache, environ, runner) if byte_code else None)

    def resolve(
        self, layer: EnvironmentLayer, base: BaseFacts, artifact_root: Path, emit: EventSink
    ) -> ResolvedEnvironment:
        """Choose mode and versions of an environment.

        Args:
            layer: The environment.
            base: What was found in the base image.
            artifact_root: The unpacked artifact, for wheels inside it.
            emit: Receives decisions and notices.

        Raises:
            DependencyError: The dependencies cannot be had, or the base has no Python for them.
        """
        self._cache.tidy()
        mode, decisions = mode_of(layer, base)
        for decision in decisions:
            emit(decision)
        if mode == "conda" and not can_link():
            return ResolvedEnvironment(layer.name, mode, base.python or "", base.platform, ())
        target = Target.of(base)
        if mode != "conda" and layer.layout == "venv" and base.interpreter is None:
            raise DependencyError(f"no interpreter was found in {base.reference}", code="no-python")
        packages = self._lock(self._sought(mode, layer, base, artifact_root), layer, target, emit)
        if mode == "base":
            packages, decision = lacking(packages, base)
            emit(decision)
        resolved = ResolvedEnvironment(layer.name, mode, target.python, target.platform, packages)
        for event in self._compilers.told(target.python):
            emit(event)
        making = self._making(layer, base, resolved)
        return replace(resolved, parts=making.parts(packages))

    def tar(
        self,
        layer: EnvironmentLayer,
        resolved: ResolvedEnvironment,
        part: EnvironmentPart,
        base: BaseFacts,
        artifact_root: Path,
    ) -> PartLayer:
        """Return a layer of a resolved environment, which is made when it is first asked for.

        Args:
            layer: The environment.
            resolved: Its versions.
            part: The part of it that the layer holds.
            base: What was found in the base image.
            artifact_root: The unpacked artifact, for wheels inside it.
        """
        base = replace(base, python=resolved.python)
        return PartLayer(partial(self._packed, Wanted(layer, resolved, part, base, artifact_root)))

    def folder(
        self,
        layer: EnvironmentLayer,
        resolved: ResolvedEnvironment,
        base: BaseFacts,
        artifact_root: Path,
        emit: EventSink,
    ) -> Path:
        """Return a resolved environment as a folder of this machine that runs where it is, made if need be.

        Args:
            layer: The environment.
            resolved: Its versions.
            base: This machine, in the words for a base image.
            artifact_root: The unpacked artifact, for wheels inside it.
            emit: Receives progress.

        Raises:
            DependencyError: It cannot be made.
        """
        from .host_folder import folder_key, make_folder  # noqa: PLC0415  # images need none of it

        base = replace(base, python=resolved.python)
        making = self._making(layer, base, resolved)
        key = folder_key(making, resolved.packages, self._cache.folder)

        def make(scratch: Path) -> Path:
            whole = EnvironmentPart(layer.name, resolved.packages, key)
            here = replace(layer, prefix=str(entry))
            uv = self._uv(scratch, layer, making.target, emit)
            return make_folder(Wanted(here, resolved, whole, base, artifact_root), making, uv, emit)

        entry = self._cache.entry(ENVIRONMENTS, key, "")
        return self._cache.folder_entry(entry, make, partial(self._wait, layer.name, emit))

    def _packed(self, wanted: Wanted, emit: EventSink) -> PackedLayer:
        part = wanted.part
        entry = self._cache.entry("layers", part.key, ".blob")
        if (there := kept_layer(entry)) is not None:
            return there
        making = self._checked_making(wanted)
        with self._alone(entry, part.name, emit) as scratch:
            if (there := kept_layer(entry)) is not None:
                return there
            uv = self._uv(scratch, wanted.layer, making.target, emit)
            make = _maker(wanted.resolved.mode)
            made = make(wanted, making, uv, scratch / "layer.blob", emit)
            return keep_layer(made, scratch / "layer.blob", entry)

    def _checked_making(self, wanted: Wanted) -> Making:
        """Return what decides a part's bytes, which must be what named it when it was resolved."""
        part, resolved = wanted.part, wanted.resolved
        making = self._making(wanted.layer, wanted.base, resolved)
        if making.key_of(part.name, part.packages, resolved.packages) != part.key:
            raise DependencyError(
                f"the Pythons or the uv of this machine changed while {part.name} was packaged",
                code="changed",
                hint="run again",
            )
        return making

    def _making(self, layer: EnvironmentLayer, base: BaseFacts, resolved: ResolvedEnvironment) -> Making:
        target, compiler = Target.of(base), self._compilers.of(resolved.python)
        if resolved.mode != "conda":
            return Making(layer, base, target, compiler)
        from .conda.parts import CondaMaking  # noqa: PLC0415  # few environments need it

        return CondaMaking.of(layer, base, target, resolved.packages, compiler)

    def _sought(self, mode: Mode, layer: EnvironmentLayer, base: BaseFacts, artifact_root: Path) -> Sought:
        """Return what is to be locked."""
        if mode != "conda":
            return sought_wheels(layer.dependencies, Target.of(base), artifact_root, self._environ)
        from .conda.request import sought_packages  # noqa: PLC0415  # few environments need it

        channels = self._cache.folder_of("channels")
        return sought_packages(layer, base, artifact_root, self._environ, channels)

    def _lock(
        self, sought: Sought, layer: EnvironmentLayer, target: Target, emit: EventSink
    ) -> tuple[LockedPackage, ...]:
        entry = self._cache.entry("locks", sought.key, ".json")
        if not self._refresh and (kept := read_lock(entry)) is not None:
            emit(
                Decision(
                    f"versions of {layer.name}",
                    "as before",
                    "the same was resolved before; --refresh asks again",
                )
            )
            return kept
        with self._alone(entry, layer.name, emit) as scratch:
            packages = sought.make(self._uv(scratch, layer, target, emit))
            write_lock(packages, scratch / "lock.json")
            put(scratch / "lock.json", entry)
            return packages

    @contextlib.contextmanager
    def _alone(self, entry: Path, subject: str, emit: EventSink) -> Iterator[Path]:
        waiting = partial(self._wait, subject, emit)
        with self._cache.only_one(entry, waiting), self._cache.scratch() as scratch:
            yield scratch

    def _wait(self, subject: str, emit: EventSink) -> None:
        emit(Notice(f"waiting for another run that is at the same environment ({subject})"))

    def _uv(self, scratch: Path, layer: EnvironmentLayer, target: Target, emit: EventSink) -> Uv:
        uv = Uv(self._environ, self._runner, scratch, HostPython.own(), target)
        if not layer.dependencies.build_from_source:
            return uv
        python = uv.found(target.python)
        if python is None:
            emit(
                Notice(
                    f"no Python {target.python} was found on this machine: only source distributions without "
                    "compiled parts can be built for it",
                    "warning",
                )
            )
            return uv
        return replace(uv, python=python)


def _maker(mode: Mode) -> Callable[[Wanted, Making, Uv, Path, EventSink], PackedLayer]:
    """Return what makes layers; nothing of it is imported where all layers are in the cache."""
    if mode == "conda":
        from .conda.making import make_conda_layer  # noqa: PLC0415  # as told above

        return make_conda_layer
    from .making import make_layer  # noqa: PLC0415  # as told above

    return make_layer
