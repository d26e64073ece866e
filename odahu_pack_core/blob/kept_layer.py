"""A finished layer in a cache: a blob, with a note of its digests beside it."""

from __future__ import annotations

import contextlib
import json
import threading
from pathlib import Path
from typing import Any, Final

from odahu_pack_core.errors import EngineError
from odahu_pack_core.folders import put

from .descriptor import digest_of_stream
from .packed_layer import PackedLayer

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_ANY_BOOT: Final = "any"


def kept_layer(path: Path) -> PackedLayer | None:
    """Return a layer of the cache; None where there is none, or where it is damaged.

    Its size is always looked at. When its time differs from what was noted, or the machine was started anew
    since, so are its bytes.

    Args:
        path: The blob's file.
    """
    try:
        note: dict[str, Any] = json.loads(_note(path).read_bytes())
        layer = PackedLayer.from_note(path, note)
        there = path.stat()
        if there.st_size != layer.descriptor.size:
            return None
        if there.st_mtime_ns == note["time"] and note["boot"] in {_boot(), _ANY_BOOT}:
            return layer
        if digest_of_stream(layer.blob.chunks()) != layer.descriptor.digest:
            return None
    except (EngineError, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    with contextlib.suppress(OSError):  # others may do the same now, or only reading may be allowed
        _write_note(layer, path, path.with_suffix(f".{threading.get_native_id()}"), _ANY_BOOT)
    return layer


def keep_layer(layer: PackedLayer, draft: Path, path: Path) -> PackedLayer:
    """Move a finished layer into the cache.

    Args:
        layer: The layer.
        draft: Its blob's file, on the same disk.
        path: Where the file will be.

    Raises:
        OSError: The cache cannot be written.
    """
    # The blob first: a note without its blob would be believed by nobody, either.
    put(draft, path)
    _write_note(layer, path, draft.with_name("note.json"), _boot())
    return PackedLayer.from_note(path, layer.to_note())


def _write_note(layer: PackedLayer, path: Path, draft: Path, boot: str) -> None:
    note = {**layer.to_note(), "time": path.stat().st_mtime_ns, "boot": boot}
    draft.write_text(json.dumps(note), encoding="utf-8")
    put(draft, _note(path))


def _boot() -> str:
    """Return what names this run of the machine: until it ends, what was written is what is read."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _note(path: Path) -> Path:
    return path.with_suffix(".json")
