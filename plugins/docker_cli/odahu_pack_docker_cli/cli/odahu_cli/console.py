"""What a run says while it runs: warnings, errors, and a progress line where somebody looks on."""

import contextlib
import os
import time
from typing import Callable, Optional, TextIO

_INTERVAL = 0.2
_FALLBACK_WIDTH = 80


class Console:
    """Standard error.

    Args:
        stream: where to write.
        live: whether a terminal shows it, so that a line can be written over.
        debug: show tracebacks.
        clock: a monotonic clock in seconds.
    """

    def __init__(
        self, stream: TextIO, *, live: bool, debug: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._live = live
        self._debug = debug
        self._clock = clock
        self._shown_at: Optional[float] = None

    def warn(self, message: str) -> None:
        """Say what the user may have meant otherwise."""
        self._write(f"warning: {message}\n")

    def complain(self, message: str, details: str = "") -> None:
        """Say what went wrong, with its traceback where that is wanted."""
        self._write((details if self._debug else "") + f"error: {message}\n")

    def show(self, line: Callable[[], str]) -> None:
        """Show how far the run is, a few times per second.

        Args:
            line: makes the line; it is asked only when the line is shown.
        """
        now = self._clock()
        if not self._live or (self._shown_at is not None and now - self._shown_at < _INTERVAL):
            return
        self._shown_at = now
        self._put("\r" + line()[: _width() - 1] + "\x1b[K")

    def clear(self) -> None:
        """Take the progress line away."""
        if self._shown_at is not None:
            self._put("\r\x1b[K")
            self._shown_at = None

    def _write(self, text: str) -> None:
        self.clear()
        self._put(text)

    def _put(self, text: str) -> None:
        with contextlib.suppress(OSError):  # a log that is full ends no run
            self._stream.write(text)
            self._stream.flush()


def _width() -> int:
    try:
        return os.get_terminal_size(2).columns or _FALLBACK_WIDTH
    except OSError:
        return _FALLBACK_WIDTH


class Pace:
    """Tells how fast rows are answered.

    Args:
        files: how many there are.
        clock: a monotonic clock in seconds.

    Attributes:
        rows: how many were answered.
    """

    def __init__(self, files: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.rows = 0
        self._of = files
        self._clock = clock
        self._start = clock()

    def line(self, name: str, files: int) -> str:
        """Write the progress line while an input is read and so many others are through."""
        seconds = max(self._clock() - self._start, 0.001)
        file = f"file {files + 1} of {self._of}, " if self._of > 1 else ""
        return f"{self.rows:,} rows, {self.rows / seconds:,.0f} rows/s, {file}{name}"
