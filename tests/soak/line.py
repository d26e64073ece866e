"""One connection of a client that can do everything wrong."""

import json
import socket
import struct
from typing import Any, NamedTuple

PATIENCE = 20
RESET = struct.pack("ii", 1, 0)


class Answer(NamedTuple):
    """One HTTP answer; the body is JSON, whatever it says."""

    status: int
    document: Any


class GoneError(Exception):
    """The server has closed the connection."""


class Line:
    """A connection to a server on loopback."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._file = self._socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, sent):
        try:
            self._socket.sendall(sent)
        except OSError as error:
            raise GoneError from error

    def answer(self):
        """Read the next answer; a server that says nothing for long is a fault, not a `GoneError`."""
        try:
            head = b"".join(iter(self._read_line, b"\r\n"))
        except ConnectionError as error:
            raise GoneError from error
        length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
        body = self._file.read(length)
        return Answer(int(head.split()[1]), json.loads(body) if b"application/json" in head else body)

    def close(self):
        self._file.close()
        self._socket.close()

    def reset(self):
        """Close without a farewell."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.close()

    def _read_line(self):
        line = self._file.readline()
        if not line:
            raise GoneError
        return line


def invocation(rows, columns=None):
    """Write a request as it goes over the line."""
    document = {"data": rows} if columns is None else {"columns": columns, "data": rows}
    body = json.dumps(document).encode()
    return b"POST /api/model/invoke HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
