"""Digests of files and of values, which name entries of the cache."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from odahu_pack_core.errors import DependencyError

_CHUNK = 1024 * 1024


def file_digest(path: Path) -> str:
    """Return the SHA-256 digest of a file.

    Raises:
        DependencyError: It cannot be read.
    """
    try:
        with path.open("rb") as stream:
            digest = hashlib.sha256()
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
            return digest.hexdigest()
    except OSError as error:
        raise DependencyError(f"cannot read {path.name}: {error.strerror}", code="unreadable") from None


def digest_of(*parts: object) -> str:
    """Return the digest of JSON-able values."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
