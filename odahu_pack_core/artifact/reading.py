"""An artifact opened: unpacked if it is an archive, recognised by a reader, cleaned up at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.plan.artifact import ModelArtifact
from odahu_pack_core.plugins.records import ArtifactReaderRecord

from .archive import unpack
from .limits import DEFAULT_EXPANSION
from .tree import list_entries


@contextmanager
def open_artifact(
    path: Path, readers: Sequence[ArtifactReaderRecord], *, expansion: int = DEFAULT_EXPANSION
) -> Iterator[ModelArtifact]:
    """Open a model artifact for as long as the block runs.

    Args:
        path: An archive, or a folder that is used where it is.
        readers: The kinds of artifact that are acceptable, in order of preference.
        expansion: How many times its size an archive may become, once over 256 MiB.

    Raises:
        ArtifactError: It is missing, corrupt, unsafe, or of no acceptable kind.
    """
    if path.is_dir():
        yield _recognised(path, path, readers)
        return
    if not path.is_file():
        raise ArtifactError(f"{path}: there is no such file or folder", code="no-artifact")
    with tempfile.TemporaryDirectory(prefix="odahu-pack-") as folder:
        root = Path(folder, "artifact")
        root.mkdir()
        unpack(path, root, expansion)
        yield _recognised(path, root, readers)


def open_member(root: Path, path: str) -> BinaryIO:
    """Open a file of an unpacked artifact for reading."""
    return (root / path).open("rb")


def _recognised(path: Path, root: Path, readers: Sequence[ArtifactReaderRecord]) -> ModelArtifact:
    entries = list_entries(root)
    for reader in readers:
        artifact = reader.read(root, entries)
        if artifact is not None:
            return artifact
    kinds = " or ".join(reader.name for reader in readers)
    tops = sorted({entry.path.split("/")[0] for entry in entries})
    inside = ", ".join(tops[:10]) + (", …" if len(tops) > 10 else "")  # noqa: PLR2004  # as many as a line shows
    hint = f"the manifest must be at its root, not inside {tops[0]}/" if len(tops) == 1 else ""
    raise ArtifactError(
        f"{path}: not a model artifact of kind {kinds}; at its root are: {inside or 'no files'}",
        code="unknown-artifact",
        hint=hint,
    )
