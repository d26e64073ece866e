"""Bytes sent to a front as they are, and the answers cut out of what comes back."""

import json
import re
import socket
import struct
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.runtime.serving import PATIENCE

_NOT_CLOSED_BY_ITS_OWNER = {"01", "08"}  # established, and closed by the other end only
GET = b"GET /healthcheck HTTP/1.1\r\nHost: x\r\n\r\n"


class Answer(NamedTuple):
    """One answer; its headers by their names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["code"]


def head(*lines, method="POST", path="/api/model/invoke", version="1.1"):
    """Write a head with a Host header."""
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: x", *lines, "", ""]).encode("latin-1")


def post(command, argument=None, *lines, path="/api/model/invoke", version="1.1"):
    """Write a request to the misbehaving model."""
    body = json.dumps({"data": [[command, argument]]}).encode()
    return head(*lines, f"Content-Length: {len(body)}", path=path, version=version) + body


def chunked(*chunks, end=b"0\r\n\r\n"):
    """Write a body in chunks."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + end


def has_read_all(front):
    """Tell whether a front has taken in, and thought about, all that was sent to it."""
    for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, *ends, _state, queues, _ = row.split(maxsplit=5)
        ports = {int(end.rpartition(":")[2], 16) for end in ends}
        if front.port in ports and queues != "00000000:00000000":
            return False
    return front.ask("GET", "/healthcheck").status == 200


def files_at_rest(front):
    """Return how many descriptors a front has open when it holds no connection any more."""
    front.wait(lambda: not _has_connections(front))
    return open_files(front)


def _has_connections(front):
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    port = f"{front.port:04X}"
    return any(row[1].endswith(f":{port}") and row[3] in _NOT_CLOSED_BY_ITS_OWNER for row in rows)


def open_files(front):
    """Return how many descriptors a front has open."""
    return len(list(Path(f"/proc/{front.process.pid}/fd").iterdir()))


class Line:
    """A connection on which anything is said."""

    def __init__(self, front, receive_bytes=None):
        self.socket = socket.socket()
        if receive_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        try:
            self.socket.connect(("127.0.0.1", front.port))
        except OSError:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *parts, pause=0.0):
        """Send each part by itself."""
        for number, part in enumerate(parts):
            if number and pause:
                time.sleep(pause)
            self.socket.sendall(part)

    def answer(self, *, bodiless=False):
        """Read the next answer."""
        while b"\r\n\r\n" not in self._rest:
            self._read()
        raw, _, self._rest = self._rest.partition(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").split("\r\n")
        status = re.fullmatch(r"HTTP/1\.1 (\d{3}) [ -~]+", first)
        assert status, raw
        assert len({line.partition(": ")[0] for line in lines}) == len(lines), raw
        headers = dict(line.split(": ", 1) for line in lines)
        size = 0 if bodiless or status.group(1) == "100" else int(headers["content-length"])
        while len(self._rest) < size:
            self._read()
        body, self._rest = self._rest[:size], self._rest[size:]
        return Answer(int(status.group(1)), headers, body)

    def ask(self, *parts):
        """Send the parts of a request and read its answer."""
        self.send(*parts)
        return self.answer()

    def is_closed(self):
        """Wait until the server closes its side; tell whether it said nothing more."""
        return self.rest() == b""

    def rest(self):
        """Return all that comes until the server closes its side."""
        try:
            while True:
                self._read()
        except EOFError:
            return self._rest

    def is_silent(self, seconds=0.1):
        """Tell whether nothing arrives for a while."""
        self.socket.settimeout(seconds)
        try:
            self._read()
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)
        return False

    def vanish(self):
        """End the connection with a reset, as the end of a machine does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _read(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError(self._rest)
        self._rest += data
