"""Planned files written to the disk of this machine, in place of into a layer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from odahu_pack_core.plan.files import ArtifactFile, Folder, Link, PlannedFile, TextFile


def write_files(
    files: Iterable[PlannedFile], place: Callable[[str], Path], open_source: Callable[[str], BinaryIO]
) -> None:
    """Write files; each takes the place of one that is there.

    Args:
        files: The files, folders before what is in them.
        place: Says where the file of a path in the image belongs.
        open_source: Opens the content of an `ArtifactFile` by its source.

    Raises:
        OSError: They cannot be written.
    """
    for file in files:
        path = place(file.path)
        if isinstance(file, Folder):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(file.mode)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if isinstance(file, Link):
            path.symlink_to(file.target)
        else:
            _write(file, path, open_source)
            path.chmod(file.mode)


def _write(file: TextFile | ArtifactFile, path: Path, open_source: Callable[[str], BinaryIO]) -> None:
    if isinstance(file, TextFile):
        path.write_bytes(file.content)
        return
    with open_source(file.source) as source, path.open("xb") as target:
        shutil.copyfileobj(source, target)
