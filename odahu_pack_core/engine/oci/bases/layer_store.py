"""Layers of bases that come as whole archives, packed once and kept by the digest of their tar stream."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from odahu_pack_core.blob.kept_layer import keep_layer, kept_layer
from odahu_pack_core.blob.packed_layer import PackedLayer
from odahu_pack_core.blob.packing import pack
from odahu_pack_core.errors import EngineError
from odahu_pack_core.folders import locked, scratch_folder
from odahu_pack_core.values import dataclass

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
class LayerStore:
    """Packed layers by the digest of their tar stream.

    Args:
        folder: Where they are; made when needed.
    """

    folder: Path

    def layer(self, diff_id: str) -> PackedLayer | None:
        """Return a layer; None where it is not there, or damaged."""
        layer = kept_layer(self._path(diff_id))
        return layer if layer is not None and layer.diff_id == diff_id else None

    def keep(self, tar: Path, scratch: Path) -> None:
        """Pack a layer and keep it.

        Args:
            tar: Its tar stream.
            scratch: A folder of `scratch`.

        Raises:
            EngineError: The disk is full, or cannot be written.
        """
        draft = scratch / "blob"
        layer = pack(TarFile(tar), draft, keep=True)
        with self._told():
            keep_layer(layer, draft, self._path(layer.diff_id))

    @contextlib.contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Give a folder for half-made things to one run at a time.

        Args:
            name: Of what is made.

        Raises:
            EngineError: The cache cannot be written.
        """
        with contextlib.ExitStack() as stack:
            with self._told():
                self.folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(locked(self.folder / f"{name}.lock", lambda: None))
                folder = stack.enter_context(scratch_folder(self.folder))
            yield folder

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EngineError(
                f"cannot write to the cache {self.folder}: {error.strerror}", code="cannot-write"
            ) from None

    def _path(self, diff_id: str) -> Path:
        return self.folder / f"{diff_id.partition(':')[2]}.blob"
