"""What is kept of base images between runs: small documents by their digest, and what was found in images."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from odahu_pack_core.blob.descriptor import digest_of_bytes
from odahu_pack_core.engine.contents import ImageContents
from odahu_pack_core.folders import cache_folder
from odahu_pack_core.plan.base import SitePackages

_LAYOUT: Final = "v1"
_FORMAT: Final = 1
"""Counts the changes to what is found in an image."""


class Kept:
    """Documents and findings in the cache; one that cannot be read or written is as good as none.

    Args:
        environ: Says where the cache is.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.folder = cache_folder(environ) / _LAYOUT / "bases"

    def document(self, digest: str) -> bytes | None:
        """Return a document by its digest, which its content is checked against."""
        content = self._read(self._document(digest))
        return content if content is not None and digest_of_bytes(content) == digest else None

    def keep_document(self, digest: str, content: bytes) -> None:
        """Keep a document whose digest was checked."""
        self._write(self._document(digest), content)

    def contents(self, key: str) -> ImageContents | None:
        """Return what was found in an image.

        Args:
            key: What it was found in: names config, layers and platform.
        """
        found = self._read(self._contents(key))
        return None if found is None else _contents(found)

    def keep_contents(self, key: str, contents: ImageContents) -> None:
        """Keep what was found in an image."""
        packages = contents.site_packages
        fields = {
            "python": contents.python,
            "interpreter": contents.interpreter,
            "libc": contents.libc,
            "missing_environment": contents.missing_environment,
            "site_packages": packages and {"path": packages.path, "packages": packages.packages},
        }
        self._write(self._contents(key), json.dumps({**fields, "digest": _digest(fields)}).encode())

    def _document(self, digest: str) -> Path:
        return self.folder / "documents" / f"{digest.partition(':')[2]}.json"

    def _contents(self, key: str) -> Path:
        digest = hashlib.sha256(f"{_FORMAT} {key}".encode()).hexdigest()
        return self.folder / "contents" / f"{digest}.json"

    def _read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except OSError:
            return None

    def _write(self, path: Path, content: bytes) -> None:
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(content)
                Path(draft).replace(path)
            except BaseException:
                Path(draft).unlink(missing_ok=True)
                raise


def _digest(fields: Mapping[str, object]) -> str:
    return digest_of_bytes(json.dumps(fields, sort_keys=True).encode())


def _contents(content: bytes) -> ImageContents | None:
    try:
        fields = json.loads(content)
        if fields.pop("digest") != _digest(fields):
            return None
        packages = fields["site_packages"]
        return ImageContents(
            fields["python"],
            fields["interpreter"],
            fields["libc"],
            packages
            and SitePackages(
                packages["path"], tuple((name, version) for name, version in packages["packages"])
            ),
            fields["missing_environment"],
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
