"""Models at a path: a model's folder, a repository of several, flat files, or an archive of one of these."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from odahu_pack_core import ArtifactReaderRecord, open_artifact
from odahu_pack_triton.artifact import read_triton
from odahu_pack_triton.config import CONFIG
from odahu_pack_triton.names import TRITON
from odahu_pack_triton.repository import ModelRepository, is_model_name, read_repository


@dataclass(frozen=True)
class OpenedModels:
    """The models at a path, which can be read as long as they are open.

    Args:
        path: The folder or archive.
        repository: Its models.
    """

    path: Path
    repository: ModelRepository

    def shown(self, file: str) -> str:
        """Return a file of the models as the user can find it, or would put it."""
        return str(self.path / file)


@contextmanager
def opened_models(path: Path) -> Iterator[OpenedModels]:
    """Open the models at a path for as long as the block runs.

    Args:
        path: A folder or an archive; a file ``config.pbtxt`` stands for the folder that it lies in.

    Raises:
        ArtifactError: There are none, or they cannot be read.
    """
    if path.name == CONFIG and path.is_file():
        path = path.parent
    reader = ArtifactReaderRecord(TRITON, "A model for Triton.", read_triton)
    with open_artifact(path, [reader]) as artifact:
        name = path.resolve().name if path.is_dir() else ""
        repository = read_repository(artifact, name=name if is_model_name(name) else "")
        yield OpenedModels(path, repository)
