"""A registry on loopback that hands requests on to a real one, gives out tokens, and fails by a seed."""

import base64
import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_PIECE = 64 * 1024
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "authorization", "server", "date"}


class _Ended(Exception):  # noqa: N818  # no error: the connection is to be broken
    """The connection is broken on purpose."""


@dataclass
class Schedule:
    """Which faults happen when: a function of the seed and of the order of the requests.

    Args:
        seed: Of the dice.
        rate: How likely a request is to fail.
        most: After so many faults nothing fails any more.
        kinds: The faults to choose from; all by default.
        only: Requests fail only if this is part of ``METHOD path``.
    """

    seed: int = 0
    rate: float = 0.0
    most: int = 1_000_000
    kinds: tuple = ()
    only: str = ""
    happened: Counter = field(default_factory=Counter)

    def __post_init__(self):
        self._dice = random.Random(self.seed)
        self._lock = threading.Lock()

    def fault(self, asked):
        with self._lock:
            if self.only not in asked or self.happened.total() >= self.most:
                return ""
            if self._dice.random() >= self.rate:
                return ""
            kind = self._dice.choice(self.kinds or FAULTS)
            self.happened[kind] += 1
            return kind


class FaultProxy:
    """Leads to a real registry that lets everybody in; asks for tokens itself.

    Args:
        upstream: The real registry's host and port.
        password: What ``packer`` must show to get a token; empty where nobody is asked.
    """

    def __init__(self, upstream, password=""):
        self.upstream = upstream
        self.password = password
        self.schedule = Schedule()
        self.tokens = set()
        self.all_tokens = set()
        self.asked = []
        self.on_request = lambda _: None
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.host = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def count(self, method, path=""):
        return sum(asked.startswith(method) and path in asked for asked in self.asked)

    def token(self):
        token = base64.b64encode(random.randbytes(18)).decode()
        self.tokens.add(token)
        self.all_tokens.add(token)
        return {"token": token, "expires_in": 300}

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Say nothing of connections that break."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def proxy(self):
        return self.server.proxy

    def log_message(self, *_):
        """Say nothing."""

    def _any(self):
        self.unread = int(self.headers.get("Content-Length") or 0)
        asked = f"{self.command} {self.path}"
        self.proxy.asked.append(asked)
        self.proxy.on_request(asked)
        try:
            getattr(self, self.proxy.schedule.fault(asked) or "go_on")()
        except (_Ended, OSError):
            self.slam()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815  # http.server's names

    # What may happen to a request. Each takes the request to its end, or breaks the connection.

    def go_on(self):
        if not self._let_in():
            return
        status, headers, content = self._forwarded(self._pieces(self.unread))
        self.answer(status, content, headers)

    def reset_before(self):
        raise _Ended

    def reset_after(self):
        if self._let_in():
            self._forwarded(self._pieces(self.unread))
        raise _Ended

    def cut_up(self):
        """Let the registry see half of a body, and the client nothing."""
        if self._let_in():
            connection = self._connected(self.unread)
            for piece in self._pieces(self.unread // 2):
                connection.send(piece)
            connection.close()
        raise _Ended

    def cut_down(self):
        """Let the client see half of an answer."""
        if self._let_in():
            status, headers, content = self._forwarded(self._pieces(self.unread))
            self.answer(status, content, headers, upto=len(content) // 2)
        raise _Ended

    def answer_500(self):
        self._refuse(500)

    def answer_502(self):
        self._refuse(502, content=b"<html>Bad Gateway</html>", headers={"Content-Type": "text/html"})

    def answer_503(self):
        self._refuse(503)

    def answer_429(self):
        self._refuse(429, headers={"Retry-After": "1"})

    def fail_after(self):
        """Do it, and say that it failed."""
        if self._let_in():
            self._forwarded(self._pieces(self.unread))
            self.answer(504, b"", {})

    def page(self):
        """Answer a page for people, as captive portals do."""
        self._refuse(200, content=b"<html>Welcome!</html>", headers={"Content-Type": "text/html"})

    def tell_tales(self):
        """Refuse, and repeat what was shown."""
        shown = self.headers.get("Authorization", "")
        scheme, _, value = shown.partition(" ")
        read = base64.b64decode(value).decode() if scheme == "Basic" else ""
        said = f"I was shown {shown}, \x1b[31mby\x07 {read}\r\n{value}"
        self._refuse(400, content=json.dumps({"errors": [{"code": "X", "message": said}]}).encode())

    def revoke(self):
        self.proxy.tokens.clear()
        self.go_on()

    def forget(self):
        """Lose the upload that is asked for."""
        if "/blobs/uploads/" in self.path and self.command in {"PATCH", "PUT"} and self._let_in():
            self._drain()
            connection = self._connected(0, "DELETE")
            connection.getresponse().read()
            connection.close()
            self._refuse(404)
            return
        self.go_on()

    def stall(self):
        time.sleep(0.3)
        self.go_on()

    def drip(self):
        """Answer in small pieces."""
        if self._let_in():
            status, headers, content = self._forwarded(self._pieces(self.unread))
            self.answer(status, content, headers, step=max(1, len(content) // 5))

    def twice(self):
        """Send the answer twice."""
        if self._let_in():
            status, headers, content = self._forwarded(self._pieces(self.unread))
            self.answer(status, content, headers)
            self.answer(status, content, headers)

    def slam(self):
        try:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        except OSError:
            pass
        self.close_connection = True

    def answer(self, status, content, headers, upto=None, step=_PIECE):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name in headers) and status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "HEAD":
            return
        content = content[:upto]
        for start in range(0, len(content), step):
            self.wfile.write(content[start : start + step])
            if step < _PIECE:
                time.sleep(0.02)

    def _refuse(self, status, content=None, headers=None):
        self._drain()
        error = {"errors": [{"code": "UNKNOWN", "message": "an accident"}]}
        self.answer(status, json.dumps(error).encode() if content is None else content, headers or {})

    def _drain(self):
        for _ in self._pieces(self.unread):
            pass

    def _pieces(self, count):
        while count:
            piece = self.rfile.read(min(count, _PIECE))
            if not piece:
                raise _Ended
            count -= len(piece)
            self.unread -= len(piece)
            yield piece

    def _let_in(self):
        """Tell whether the request may go on; a token server's and a login's answers are given here."""
        proxy, shown = self.proxy, self.headers.get("Authorization", "")
        if not proxy.password:
            return True
        if urlsplit(self.path).path == "/token":
            pair = base64.b64encode(f"packer:{proxy.password}".encode()).decode()
            known = shown == f"Basic {pair}"
            self.answer(200 if known else 401, json.dumps(proxy.token() if known else {}).encode(), {})
            return False
        if shown.removeprefix("Bearer ") in proxy.tokens:
            return True
        self._drain()
        challenge = f'Bearer realm="http://{proxy.host}/token",service="faults"'
        self.answer(401, b"{}", {"WWW-Authenticate": challenge})
        return False

    def _connected(self, size, method=""):
        connection = HTTPConnection(self.proxy.upstream, timeout=30)
        connection.putrequest(method or self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in {*_HOP_BY_HOP, "content-length"}:
                connection.putheader(name, value)
        if size or self.command in {"POST", "PUT", "PATCH"}:
            connection.putheader("Content-Length", str(size))
        connection.endheaders()
        return connection

    def _forwarded(self, pieces):
        connection = self._connected(self.unread)
        try:
            for piece in pieces:
                connection.send(piece)
            answer = connection.getresponse()
            headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
            return answer.status, headers, answer.read()
        finally:
            connection.close()


FAULTS = (
    "reset_before",
    "reset_after",
    "cut_up",
    "cut_down",
    "answer_500",
    "answer_502",
    "answer_503",
    "answer_429",
    "fail_after",
    "page",
    "revoke",
    "forget",
    "stall",
    "drip",
    "twice",
)
