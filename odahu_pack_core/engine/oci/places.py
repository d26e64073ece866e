"""BlobPlaces: where blobs of a registry have been seen, so that they need not be sent or asked for again."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Final

from odahu_pack_core.blob.descriptor import is_digest
from odahu_pack_core.plan.reference import REPOSITORY

_LONGEST: Final = 256
_MANIFESTS: Final = "manifests"


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
        text = _read(self._path(digest))
        return text if REPOSITORY.fullmatch(text) else ""

    def manifest(self, repository: str) -> str:
        """Return the digest of what was last stored in a repository; empty when nobody knows."""
        text = _read(self._manifest_path(repository))
        return text if is_digest(text) else ""

    def note(self, digest: str, repository: str) -> None:
        """Remember where a blob is; a cache that cannot be written remembers nothing."""
        if self.repository(digest) != repository:
            _write(self._path(digest), repository)

    def note_manifest(self, repository: str, digest: str) -> None:
        """Remember what was stored in a repository; as above."""
        if self.manifest(repository) != digest:
            _write(self._manifest_path(repository), digest)

    def _path(self, digest: str) -> Path:
        return self._folder / digest.removeprefix("sha256:")

    def _manifest_path(self, repository: str) -> Path:
        return self._folder / _MANIFESTS / hashlib.sha256(repository.encode()).hexdigest()


def _read(path: Path) -> str:
    try:
        with path.open() as file:
            return file.read(_LONGEST)
    except (OSError, UnicodeDecodeError):
        return ""


def _write(path: Path, text: str) -> None:
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
