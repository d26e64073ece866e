"""A finished layer in the cache: a tar file, with its size and digest beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from odahu_pack_core.errors import DependencyError
from odahu_pack_core.plan.layer_tar import TarSource

from .cache import put
from .lock import file_digest

_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True)
class StoredTar:
    """A tar stream in the cache.

    Args:
        path: The file.
        size: Its bytes.
        digest: Its digest as ``sha256:…``: the layer's diff_id.
    """

    path: Path
    size: int
    digest: str

    def chunks(self) -> Iterator[bytes]:
        """Yield the stream from its start.

        Raises:
            DependencyError: The file is gone.
        """
        try:
            with self.path.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk
        except OSError as error:
            raise DependencyError(
                f"cannot read {self.path} of the cache: {error.strerror}", code="cache-lost", hint="run again"
            ) from None


def stored(path: Path) -> StoredTar | None:
    """Return a tar of the cache; None where there is none, or where it is damaged.

    The digest is computed again only when size or time of the file differ from what was noted.
    """
    try:
        noted = json.loads(_note(path).read_text(encoding="utf-8"))
        there = path.stat()
        if there.st_size != noted["size"]:
            return None
        if there.st_mtime_ns != noted["time"] and file_digest(path) != noted["digest"]:
            return None
        return StoredTar(path, noted["size"], f"sha256:{noted['digest']}")
    except (OSError, ValueError, TypeError, KeyError):
        return None


def store(source: TarSource, path: Path, scratch: Path, written: Callable[[int], None]) -> StoredTar:
    """Write a tar stream into the cache.

    Args:
        source: The stream.
        path: Where it will be.
        scratch: A folder on the same disk for the half-made file.
        written: Told how many bytes are written, now and then.
    """
    draft, note = scratch / "layer.tar", scratch / "layer.json"
    digest, size = hashlib.sha256(), 0
    with draft.open("wb") as stream:
        for chunk in source.chunks():
            stream.write(chunk)
            digest.update(chunk)
            if size // _CHUNK < (size := size + len(chunk)) // _CHUNK:
                written(size)
    noted = {"size": size, "digest": digest.hexdigest(), "time": draft.stat().st_mtime_ns}
    note.write_text(json.dumps(noted), encoding="utf-8")
    # The tar first: a note without its tar would be believed by nobody, either.
    put(draft, path)
    put(note, _note(path))
    return StoredTar(path, size, f"sha256:{noted['digest']}")


def _note(path: Path) -> Path:
    return path.with_suffix(".json")
