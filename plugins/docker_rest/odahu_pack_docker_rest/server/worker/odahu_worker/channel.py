"""The worker's end of the line to the front."""

import os
import socket
import threading
from typing import NamedTuple, Optional

from odahu_wire import HEADER_SIZE, Header, pack, unpack_header


class Frame(NamedTuple):
    """One message of the front."""

    header: Header
    body: bytes


class Channel:
    """Frames over an inherited socket; any thread may send, one receives.

    Args:
        descriptor: the number of the socket.
    """

    def __init__(self, descriptor: int) -> None:
        # A child process of the model must not keep the line open when this process ends.
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - it takes no keyword
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=descriptor)
        self._file = self._socket.makefile("rb")
        self._lock = threading.Lock()

    def send(self, kind: int, body: bytes, number: int = 0, status: int = 0) -> None:
        """Send a frame, or nothing when the front is gone: `receive` will tell."""
        frame = pack(kind, body, number, status)
        try:
            with self._lock:
                self._socket.sendall(frame)
        except OSError:
            return

    def receive(self) -> Optional[Frame]:
        """Wait for the next frame; None when the front is gone."""
        try:
            raw = self._file.read(HEADER_SIZE)
            if len(raw) < HEADER_SIZE:
                return None
            header = unpack_header(raw)
            body = self._file.read(header.size)
        except OSError:
            return None
        return Frame(header, body) if len(body) == header.size else None
