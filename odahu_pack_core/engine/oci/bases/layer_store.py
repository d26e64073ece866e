"""Layers of bases that come as whole archives, packed once and kept by the digest of their tar stream."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from odahu_pack_core.blob.descriptor import Descriptor
from odahu_pack_core.blob.packed_layer import PackedLayer
from odahu_pack_core.blob.packing import pack
from odahu_pack_core.errors import EngineError
from odahu_pack_core.folders import locked, scratch_folder

_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True)
class TarFile:
    """A tar stream in a file."""

    path: Path

    @property
    def size(self) -> int:
        """Bytes of the stream."""
        return self.path.stat().st_size

    def chunks(self) -> Iterator[bytes]:
        """Yield the stream."""
        with self.path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk


@dataclass(frozen=True)
class StoredBlob:
    """A blob of the store, checked while it is read; one that is damaged leaves the store.

    Args:
        store: The store.
        layer: The layer that it is the blob of.
    """

    store: LayerStore
    layer: PackedLayer

    @property
    def descriptor(self) -> Descriptor:
        """What it is."""
        return self.layer.descriptor

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """Yield the content from a byte on.

        Raises:
            EngineError: It is damaged.
        """
        digest = hashlib.sha256()
        for chunk in self.layer.blob.chunks(start):
            digest.update(chunk)
            yield chunk
        if start == 0 and f"sha256:{digest.hexdigest()}" != self.descriptor.digest:
            self.store.forget(self.layer.diff_id)
            raise EngineError("a layer in the cache was damaged", code="layer-damaged", hint="run again")


@dataclass(frozen=True)
class LayerStore:
    """Packed layers by the digest of their tar stream.

    Args:
        folder: Where they are; made when needed.
    """

    folder: Path

    def layer(self, diff_id: str) -> StoredBlob | None:
        """Return a layer; None where it is not there, or not whole."""
        path = self._path(diff_id)
        try:
            layer = PackedLayer.from_note(path, json.loads(self._note(path).read_bytes()))
            whole = path.stat().st_size == layer.descriptor.size
        except (OSError, ValueError, TypeError, AttributeError):
            return None
        return StoredBlob(self, layer) if whole and layer.diff_id == diff_id else None

    def keep(self, tar: Path, scratch: Path) -> None:
        """Pack a layer and keep it.

        Args:
            tar: Its tar stream.
            scratch: A folder of `scratch`.

        Raises:
            EngineError: The disk is full, or cannot be written.
        """
        draft, note = scratch / "blob", scratch / "note"
        layer = pack(TarFile(tar), draft, keep=True)
        path = self._path(layer.diff_id)
        note.write_text(json.dumps(layer.to_note()), encoding="utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.replace(path)
        note.replace(self._note(path))

    def forget(self, diff_id: str) -> None:
        """Remove a layer."""
        self._note(self._path(diff_id)).unlink(missing_ok=True)

    @contextlib.contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Give a folder for half-made things to one run at a time.

        Args:
            name: Of what is made.

        Raises:
            EngineError: The cache cannot be written.
        """
        with contextlib.ExitStack() as stack:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(locked(self.folder / f"{name}.lock", lambda: None))
                folder = stack.enter_context(scratch_folder(self.folder))
            except OSError as error:
                raise EngineError(
                    f"cannot write to the cache {self.folder}: {error.strerror}", code="cannot-write"
                ) from None
            yield folder

    def _path(self, diff_id: str) -> Path:
        return self.folder / f"{diff_id.partition(':')[2]}.blob"

    def _note(self, path: Path) -> Path:
        return path.with_suffix(".json")
