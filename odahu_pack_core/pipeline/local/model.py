"""The model where it is: its folder in place, an archive unpacked into the cache, once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from odahu_pack_core.artifact.archive import unpacked
from odahu_pack_core.environment.cache import Cache
from odahu_pack_core.environment.digests import digest_of
from odahu_pack_core.events import EventSink, Notice
from odahu_pack_core.plan.artifact import ModelArtifact
from odahu_pack_core.plan.files import ArtifactFile, PlannedFile

from .layout import Standing

KIND: Final = "models"
_FORMAT: Final = 1
"""Counts the changes to how an archive is unpacked."""

_ROOT: Final = "artifact"
_HALF: Final = 32  # of a digest


def folder_of(artifact: Path, cache: Cache, expansion: int, emit: EventSink) -> Path:
    """Return a model's folder: the one that is given, or that of an archive, unpacked if need be.

    Args:
        artifact: The archive or folder of the model; what is missing is returned as it is.
        cache: Keeps what is unpacked until the archive changes.
        expansion: How many times its size an archive may become, once over 256 MiB.
        emit: Told when another run is unpacking.

    Raises:
        ArtifactError: The archive is corrupt or unsafe.
        DependencyError: The cache cannot be written.
    """
    if not os.path.isfile(artifact):  # noqa: PTH113  # Path.is_file raises where a parent cannot be entered
        return artifact
    path = artifact.resolve()
    there = path.stat()
    name = digest_of(_FORMAT, str(path))[:_HALF]
    state = digest_of(there.st_ino, there.st_size, there.st_mtime_ns)[:_HALF]

    def unpack(scratch: Path) -> Path:
        _unpack(path, scratch / "model" / _ROOT, expansion)
        cache.forget(KIND, lambda entry: entry.name.startswith(name))
        return scratch / "model"

    waiting = Notice("waiting for another run that unpacks the same model")
    entry = cache.entry(KIND, f"{name}-{state}", "")
    return cache.folder_entry(entry, unpack, lambda: emit(waiting)) / _ROOT


def _unpack(archive: Path, root: Path, expansion: int) -> None:
    root.mkdir(parents=True)
    with unpacked(archive, root, expansion) as staying:
        for name, packed in staying.items():
            with packed.open() as source, (root / name).open("wb") as target:
                shutil.copyfileobj(source, target)


def used_in_place(
    files: Iterable[PlannedFile], artifact: ModelArtifact
) -> tuple[tuple[PlannedFile, ...], Standing]:
    """Divide planned files: those that the plan itself holds, and the model's, which are used where they are.

    Where all of the model is below one folder, and nothing else is, that folder stands for all of it, so that
    files which are added to the model count, too.

    Args:
        files: The planned files, of distinct paths.
        artifact: The model.
    """
    by_path = {file.path: file for file in files}
    standing: list[tuple[str, Path]] = []
    for home in sorted({home for file in by_path.values() if (home := _home(file))}):
        below = {path for path in by_path if path.startswith(f"{home}/")}
        if below == {f"{home}/{entry.path}" for entry in artifact.entries}:
            standing.append((home, artifact.root.absolute()))
            by_path = {path: file for path, file in by_path.items() if path not in {home, *below}}
    single = [file for file in by_path.values() if isinstance(file, ArtifactFile)]
    standing += [(file.path, artifact.root.absolute() / file.source) for file in single]
    own = tuple(file for file in by_path.values() if not isinstance(file, ArtifactFile))
    return own, tuple(standing)


def _home(file: PlannedFile) -> str:
    """Return the folder in which a file of the model has the same path as in the model; empty for none."""
    if isinstance(file, ArtifactFile) and file.path.endswith(f"/{file.source}"):
        return file.path.removesuffix(f"/{file.source}")
    return ""
