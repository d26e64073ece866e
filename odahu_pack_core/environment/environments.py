"""Environments: chooses the mode and the versions of each environment, and makes its layer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, Final

from odahu_pack_core.command import Runner
from odahu_pack_core.errors import DependencyError
from odahu_pack_core.events import Decision, EventSink, Notice, Progress
from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.plan.environment import (
    EnvironmentLayer,
    EnvironmentPart,
    LockedPackage,
    ResolvedEnvironment,
)
from odahu_pack_core.plan.files import PlannedFile, in_layer_order
from odahu_pack_core.plan.layer_tar import PlannedTar, TarSource

from .cache import Cache, put
from .install import install
from .layer_files import added_files, tree_files
from .lock import digest_of, lock_key, make_lock, read_lock, write_lock
from .modes import lacking, mode_of
from .stored_tar import store, stored
from .target import Target
from .tree import as_environment, as_site_folder
from .uv import HostPython, Uv

_LAYER_FORMAT: Final = 1
"""Counts the changes to what a layer holds for one and the same lock."""


class Environments:
    """Resolves environments and makes their layers, both kept in a cache.

    Args:
        cache_dir: Where locks and layers are kept.
        environ: The user's environment variables.
        runner: Runs uv.
        refresh: Whether to ask the indexes again, even where a lock is kept.
    """

    def __init__(
        self, cache_dir: Path, environ: Mapping[str, str], runner: Runner, *, refresh: bool = False
    ) -> None:
        self._cache = Cache(cache_dir)
        self._environ = environ
        self._runner = runner
        self._refresh = refresh

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
        mode, decisions = mode_of(layer, base)
        for decision in decisions:
            emit(decision)
        if mode == "conda":
            return ResolvedEnvironment(layer.name, mode, base.python or "", base.platform, ())
        target = Target.of(base)
        if layer.layout == "venv" and base.interpreter is None:
            raise DependencyError(f"no interpreter was found in {base.reference}", code="no-python")
        packages = self._lock(layer, target, artifact_root, emit)
        if mode == "base":
            packages, decision = lacking(packages, base)
            emit(decision)
        parts = (EnvironmentPart(layer.name, packages, _layer_key(layer, base, target, packages)),)
        return ResolvedEnvironment(layer.name, mode, target.python, target.platform, packages, parts)

    def tar(
        self,
        layer: EnvironmentLayer,
        resolved: ResolvedEnvironment,
        part: EnvironmentPart,
        base: BaseFacts,
        artifact_root: Path,
    ) -> TarSource:
        """Return a layer of a resolved environment, which is made when it is first read.

        Args:
            layer: The environment.
            resolved: Its versions.
            part: The part of it that the layer holds.
            base: What was found in the base image.
            artifact_root: The unpacked artifact, for wheels inside it.
        """
        return _PartTar(partial(self._tar, layer, resolved, part, base, artifact_root))

    def _tar(
        self,
        layer: EnvironmentLayer,
        resolved: ResolvedEnvironment,
        part: EnvironmentPart,
        base: BaseFacts,
        artifact_root: Path,
        emit: EventSink,
    ) -> TarSource:
        base = replace(base, python=resolved.python)
        entry = self._cache.entry("layers", part.key, ".tar")
        if (there := stored(entry)) is not None:
            return there
        with self._alone(entry, layer, emit) as scratch:
            if (there := stored(entry)) is not None:
                return there
            uv = self._uv(scratch, layer, Target.of(base), emit)
            files, tree = _made(layer, resolved, base, artifact_root=artifact_root, uv=uv, emit=emit)
            source = PlannedTar(files, partial(_open_in, tree))
            return store(source, entry, scratch, _writing(layer.name, source.size, emit))

    def _lock(
        self, layer: EnvironmentLayer, target: Target, artifact_root: Path, emit: EventSink
    ) -> tuple[LockedPackage, ...]:
        dependencies = layer.dependencies
        key = lock_key(dependencies, target, artifact_root, self._environ)
        entry = self._cache.entry("locks", key, ".json")
        if not self._refresh and (kept := read_lock(entry)) is not None:
            emit(
                Decision(
                    f"versions of {layer.name}",
                    "as before",
                    "the same was resolved before; --refresh asks again",
                )
            )
            return kept
        with self._alone(entry, layer, emit) as scratch:
            uv = self._uv(scratch, layer, target, emit)
            packages = make_lock(dependencies, target, artifact_root, uv)
            write_lock(packages, scratch / "lock.json")
            put(scratch / "lock.json", entry)
            return packages

    @contextlib.contextmanager
    def _alone(self, entry: Path, layer: EnvironmentLayer, emit: EventSink) -> Iterator[Path]:
        waiting = Notice(f"waiting for another run that is at the same environment ({layer.name})")
        with self._cache.only_one(entry, lambda: emit(waiting)), self._cache.scratch() as scratch:
            yield scratch

    def _uv(self, scratch: Path, layer: EnvironmentLayer, target: Target, emit: EventSink) -> Uv:
        uv = Uv(self._environ, self._runner, scratch, HostPython.own())
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
        return Uv(self._environ, self._runner, scratch, python)


@dataclass(frozen=True)
class _PartTar:
    """The tar stream of a part, made when it is first read."""

    make: Callable[[EventSink], TarSource]

    @cached_property
    def _tar(self) -> TarSource:
        return self.make(lambda _: None)

    @property
    def size(self) -> int:
        return self._tar.size

    def chunks(self) -> Iterator[bytes]:
        return self._tar.chunks()


def _made(
    layer: EnvironmentLayer,
    resolved: ResolvedEnvironment,
    base: BaseFacts,
    *,
    artifact_root: Path,
    uv: Uv,
    emit: EventSink,
) -> tuple[tuple[PlannedFile, ...], Path]:
    """Install an environment, and return its files and the tree that holds them."""
    target = Target.of(base)
    installed = install(
        resolved.packages, layer.dependencies, target=target, artifact_root=artifact_root, uv=uv, emit=emit
    )
    if layer.layout == "site":
        tree = as_site_folder(installed)
    else:
        tree = as_environment(installed, target.python, f"{layer.prefix}/bin/python3")
    files = (*tree_files(tree, layer.prefix), *added_files(layer, base, resolved.mode))
    return in_layer_order(files), tree


def _layer_key(
    layer: EnvironmentLayer, base: BaseFacts, target: Target, packages: tuple[LockedPackage, ...]
) -> str:
    """Return the digest of everything that decides a layer's bytes."""
    shape = (layer.prefix, layer.layout, layer.activate)
    built_on = (base.interpreter, base.site_packages.path if base.site_packages else "")
    return digest_of(
        _LAYER_FORMAT,
        version("uv"),
        shape,
        built_on if layer.layout == "venv" else (),
        asdict(target),
        [asdict(package) for package in packages],
    )


def _open_in(tree: Path, source: str) -> BinaryIO:
    return (tree / source).open("rb")


def _writing(subject: str, total: int, emit: EventSink) -> Callable[[int], None]:
    return lambda written: emit(Progress("layers", subject, written, total))
