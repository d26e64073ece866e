"""The layer of a part: made when it is first asked for, by one run at a time, and kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from odahu_pack_core.blob.packed_layer import PackedLayer
from odahu_pack_core.events import EventSink


class PartLayer:
    """A `PendingLayer` and a `TarSource`, safe to use from several threads.

    Args:
        make: Finds the layer in the cache, or makes it.
    """

    def __init__(self, make: Callable[[EventSink], PackedLayer]) -> None:
        self._make = make
        self._alone = threading.Lock()
        self._packed: PackedLayer | None = None

    def packed(self, emit: EventSink) -> PackedLayer:
        """Return the finished layer, made if nobody made it before.

        Args:
            emit: Receives progress, on the calling thread.

        Raises:
            DependencyError: It cannot be made.
        """
        with self._alone:
            if self._packed is None:
                self._packed = self._make(emit)
            return self._packed

    @property
    def size(self) -> int:
        """Bytes of the tar stream."""
        return self.packed(_silent).size

    def chunks(self) -> Iterator[bytes]:
        """Yield the tar stream from its start.

        Raises:
            DependencyError: The layer cannot be made.
            EngineError: It is gone from the cache.
        """
        return self.packed(_silent).chunks()


def _silent(event: object) -> None:
    del event
