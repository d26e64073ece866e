"""What is raised where a model file cannot be read."""

from __future__ import annotations

from odahu_pack_core import ArtifactError


class ModelFileError(ArtifactError):
    """A model file is not what its name says, or is damaged.

    Args:
        reason: What is wrong, without the file's name.
        file: The file, below the model's folder.
        offset: Where in the file, in bytes; None for all of it.
    """

    def __init__(self, reason: str, file: str, offset: int | None = None) -> None:
        where = file if offset is None else f"{file}, byte {offset}"
        super().__init__(f"{where}: {reason}", code="model-file")
        self.reason = reason
        self.file = file
        self.offset = offset
