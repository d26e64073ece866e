"""BlobPlaces: in which repository a blob has been seen, so that others of its registry can take it there."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Final

from odahu_pack_core.plan.reference import REPOSITORY

_LONGEST: Final = 256


class BlobPlaces:
    """What is remembered of one registry; a wrong memory costs a request, nothing else.

    Args:
        folder: Of the cache; need not exist.
        host: The registry.
    """

    def __init__(self, folder: Path, host: str) -> None:
        self._folder = folder / hashlib.sha256(host.encode()).hexdigest()[:16]

    def repository(self, digest: str) -> str:
        """Return where a blob was seen last; empty when nobody knows."""
        try:
            with self._path(digest).open() as file:
                text = file.read(_LONGEST)
        except (OSError, UnicodeDecodeError):
            return ""
        return text if REPOSITORY.fullmatch(text) else ""

    def note(self, digest: str, repository: str) -> None:
        """Remember where a blob is; a cache that cannot be written remembers nothing."""
        if self.repository(digest) == repository:
            return
        path = self._path(digest)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(repository)

    def _path(self, digest: str) -> Path:
        return self._folder / digest.removeprefix("sha256:")
