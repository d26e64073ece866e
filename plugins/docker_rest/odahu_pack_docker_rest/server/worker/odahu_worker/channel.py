"""The worker's end of the line to the front."""

import os
import socket
import threading
from typing import List, NamedTuple, Optional

from odahu_wire import HEADER_SIZE, MORE, Header, unpack_header


class Frame(NamedTuple):
    """One message of the front."""

    header: Header
    body: bytes


class Channel:
    """Frames over an inherited socket; any thread may send and receive.

    Args:
        descriptor: the number of the socket.
    """

    def __init__(self, descriptor: int) -> None:
        # A child process of the model must not keep the line open when this process ends.
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - it takes no keyword
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=descriptor)
        self._file = self._socket.makefile("rb", 64 * 1024)
        self._sending = threading.Lock()
        self._receiving = threading.Lock()

    def send(self, frames: bytes) -> None:
        """Send whole frames, or nothing when the front is gone: `receive` will tell."""
        try:
            with self._sending:
                self._socket.sendall(frames)
        except OSError:
            return

    def receive(self) -> List[Frame]:
        """Wait for the next frames that belong together; none when the front is gone."""
        frames: List[Frame] = []
        with self._receiving:
            while not frames or frames[-1].header.flags & MORE:
                frame = self._receive_one()
                if frame is None:
                    return []
                frames.append(frame)
        return frames

    def _receive_one(self) -> Optional[Frame]:
        try:
            raw = self._file.read(HEADER_SIZE)
            if len(raw) < HEADER_SIZE:
                return None
            header = unpack_header(raw)
            body = self._file.read(header.size)
        except OSError:
            return None
        return Frame(header, body) if len(body) == header.size else None
