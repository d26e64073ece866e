"""What went wrong in predictions, on standard error, and never in the way of another prediction."""

import contextlib
import queue
import sys
import threading
from typing import Optional

_MOST_WAITING = 1000


class FaultLog:
    """Has a thread write texts, and gives up those for which there is no room left.

    The thread begins with the first text: a model that forks in its ``init()`` finds none.
    """

    def __init__(self) -> None:
        self._texts: "queue.Queue[str]" = queue.Queue(_MOST_WAITING)
        self._thread: Optional[threading.Thread] = None
        self._starting = threading.Lock()

    def write(self, text: str) -> None:
        """Write a text, a moment later."""
        with contextlib.suppress(queue.Full):
            self._texts.put_nowait(text)
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_texts, name="fault-log", daemon=True)
                self._thread.start()

    def _write_texts(self) -> None:
        while True:
            text = self._texts.get()
            with contextlib.suppress(BaseException):  # a model may close, replace or break its stderr
                sys.stderr.write(text)
                sys.stderr.flush()
