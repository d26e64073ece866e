"""An artifact opened: unpacked if it is an archive, recognised by a reader, cleaned up at the end."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from odahu_pack_core.errors import ArtifactError, OdahuPackError, PluginError
from odahu_pack_core.folders import scratch_folder
from odahu_pack_core.plan.artifact import ArtifactEntry, ModelArtifact, Packed
from odahu_pack_core.plugins.records import ArtifactReaderRecord

from .archive import unpacked
from .limits import DEFAULT_EXPANSION
from .tree import list_entries

_MOST_SHOWN: Final = 10


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
        PluginError: A reader failed in a way that it should not.
    """
    if os.path.isdir(path):  # noqa: PTH112  # Path.is_dir raises where a parent cannot be entered
        yield _recognised(path, path, list_entries(path), readers)
        return
    if not os.path.isfile(path):  # noqa: PTH113  # as above
        raise ArtifactError(f"{path}: there is no such file or folder", code="no-artifact")
    with _unpacking_folder() as folder:
        root = folder / "artifact"
        root.mkdir()
        with unpacked(path, root, expansion) as staying:
            entries = tuple(_whole(entry, staying.get(entry.path)) for entry in list_entries(root))
            for name in staying:
                (root / name).unlink()
            yield _recognised(path, root, entries, readers)


@contextmanager
def _unpacking_folder() -> Iterator[Path]:
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(scratch_folder(Path(tempfile.gettempdir())))
        except OSError as error:
            raise ArtifactError(
                f"there is no folder to unpack the artifact in: {error.strerror}",
                code="no-space",
                hint="point TMPDIR at a folder that can be written",
            ) from None
        yield folder


def _whole(entry: ArtifactEntry, packed: Packed | None) -> ArtifactEntry:
    """Return the entry of an empty file that stands for one in the archive as that of the latter."""
    return replace(entry, size=packed.size, packed=packed) if packed else entry


def _recognised(
    path: Path, root: Path, entries: tuple[ArtifactEntry, ...], readers: Sequence[ArtifactReaderRecord]
) -> ModelArtifact:
    for reader in readers:
        try:
            artifact = reader.read(root, entries)
        except OdahuPackError:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise PluginError(
                f"the reader of {reader.name} artifacts failed: {reason}", code="plugin-failed"
            ) from error
        if artifact is not None:
            return artifact
    kinds = " or ".join(reader.name for reader in readers)
    tops = [entry for entry in entries if "/" not in entry.path]
    shown = [entry.path if entry.path.isprintable() else ascii(entry.path) for entry in tops[:_MOST_SHOWN]]
    inside = ", ".join(shown) + (", …" if len(tops) > _MOST_SHOWN else "")
    wrapped = len(tops) == 1 and tops[0].is_folder
    hint = f"the manifest must be at its root, not inside {shown[0]}/" if wrapped else ""
    raise ArtifactError(
        f"{path}: not a model artifact of kind {kinds}; at its root are: {inside or 'no files'}",
        code="unknown-artifact",
        hint=hint,
    )
