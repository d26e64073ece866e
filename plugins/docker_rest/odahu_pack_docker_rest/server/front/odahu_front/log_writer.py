"""Logs written by a thread of their own, so that a reader who stalls holds up nobody."""

import logging
import os
import queue
import select
import threading
from typing import Optional

_MOST_BYTES_WAITING = 8 * 1024 * 1024


class LogWriter:
    """Writes lines to a descriptor in their order, and gives up those for which there is no room left.

    Args:
        descriptor: where to write.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._blocks: "queue.Queue[Optional[bytes]]" = queue.Queue()
        # Each of these is counted by one thread only.
        self._given = 0
        self._taken = 0
        self._refused_lines = 0
        self._lost_lines = 0
        self._thread = threading.Thread(target=self._write_blocks, name=f"log-{descriptor}", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """The number of lines given up because their reader was too slow, or gone."""
        return self._refused_lines + self._lost_lines

    def write(self, lines: bytes) -> None:
        """Write whole lines, a moment later."""
        if self._given - self._taken + len(lines) > _MOST_BYTES_WAITING:
            self._refused_lines += lines.count(b"\n")
        else:
            self._given += len(lines)
            self._blocks.put(lines)

    def close(self) -> None:
        """Write what is left, as far as the reader takes it within a second."""
        self._blocks.put(None)
        self._thread.join(1.0)

    def _write_blocks(self) -> None:
        for block in iter(self._blocks.get, None):
            self._lost_lines += self._write_block(block).count(b"\n")
            self._taken += len(block)

    def _write_block(self, block: bytes) -> bytes:
        """Write a block and return what of it could not be written."""
        while block:
            try:
                block = block[os.write(self._descriptor, block) :]
            except BlockingIOError:  # whoever made the descriptor may have made it so
                select.select([], [self._descriptor], [])
            except OSError:
                break  # Nobody reads the log: the server goes on without it.
        return block


class ServerLog(logging.Handler):
    """What the server says about itself, on standard error; closed by ``logging`` when the program ends."""

    def __init__(self) -> None:
        super().__init__()
        self._writer = LogWriter(2)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        self._writer.write((self.format(record) + "\n").encode("utf-8", "backslashreplace"))

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()
        super().close()
