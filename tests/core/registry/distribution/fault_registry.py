"""A registry on loopback that keeps everything in memory and fails as it is told to."""

import base64
import hashlib
import json
import re
import socket
import struct
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

_UPLOADS = re.compile(r"/v2/(?P<repository>.+)/blobs/uploads/(?P<upload>[^/?]*)")
_BLOBS = re.compile(r"/v2/(?P<repository>.+)/blobs/(?P<digest>sha256:[0-9a-f]{64})")
_MANIFESTS = re.compile(r"/v2/(?P<repository>.+)/manifests/(?P<reference>[^/]+)")


@dataclass
class Fault:
    """Something that goes wrong with requests of a method and path, some times."""

    method: str
    path: str
    act: object
    times: int = 1


@dataclass
class FaultRegistry:
    """What the registry holds, how it behaves, and what it was asked."""

    blobs: dict = field(default_factory=dict)  # (repository, digest) → content
    manifests: dict = field(default_factory=dict)  # (repository, reference) → (media type, content)
    uploads: dict = field(default_factory=dict)  # id → bytearray
    faults: list = field(default_factory=list)
    asked: list = field(default_factory=list)  # (method, path, headers)
    connections: int = 0
    challenge: str = ""  # the WWW-Authenticate header; empty for anonymous access
    accepted: set = field(default_factory=set)  # the Authorization headers that let in
    tokens: Counter = field(default_factory=Counter)  # scopes → how many tokens were given out
    token_life: int = 300
    location: str = "{path}"  # how an upload's path is made its Location
    upload_headers: dict = field(default_factory=dict)
    host: str = ""

    def fail(self, method, path, act, times=1):
        """Let the next requests go wrong: ``act`` answers, and returns False to let the request go on."""
        self.faults.append(Fault(method, path, act, times))

    def fault_for(self, method, path):
        for fault in self.faults:
            if fault.times and fault.method == method and re.search(fault.path, path):
                fault.times -= 1
                return fault.act
        return None

    def add_blob(self, repository, content):
        digest = digest_of(content)
        self.blobs[repository, digest] = content
        return digest

    def count(self, method, path=""):
        return sum(asked[0] == method and bool(re.search(path, asked[1])) for asked in self.asked)

    def give_token(self, scopes, **more):
        self.tokens[scopes] += 1
        token = f"token-{self.tokens.total()}"
        self.accepted.add(f"Bearer {token}")
        return {"token": token, "expires_in": self.token_life, **more}


def digest_of(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def basic(username, password):
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits until its head is acknowledged

    @property
    def registry(self):
        return self.server.registry

    def setup(self):
        self.registry.connections += 1
        super().setup()

    def log_message(self, *args):
        """Say nothing."""

    def answer(self, status, content=b"", **headers):
        content = json.dumps(content).encode() if isinstance(content, dict | list) else content
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def error(self, status, code="", message="", **headers):
        self.discard()
        self.answer(status, {"errors": [{"code": code, "message": message}]}, **headers)

    def body(self, most=1 << 40):
        """Read what of the request's body is not read yet."""
        count = min(self.unread, most)
        content = self.rfile.read(count)
        if len(content) < count:
            raise ConnectionResetError
        self.unread -= count
        return content

    def discard(self):
        self.body()

    def slam(self):
        """Reset the connection."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _any(self):
        self.unread = int(self.headers.get("Content-Length") or 0)
        self.registry.asked.append((self.command, self.path, dict(self.headers)))
        path, self.query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        act = self.registry.fault_for(self.command, self.path)
        if act is not None and act(self) is not False:
            return
        if path == "/token":
            self.answer(200, self.registry.give_token(" ".join(self.query.get("scope", ()))))
            return
        if self.registry.challenge and self.headers.get("Authorization") not in self.registry.accepted:
            self.error(401, "UNAUTHORIZED", "who are you?", WWW_Authenticate=self.registry.challenge)
            return
        for pattern, name in ((_UPLOADS, "uploads"), (_BLOBS, "blobs"), (_MANIFESTS, "manifests")):
            match = pattern.fullmatch(path)
            if match:
                getattr(self, f"{self.command.lower()}_{name}")(**match.groupdict())
                return
        self.error(404, "NOT_FOUND", path)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815  # http.server's names

    def get_manifests(self, repository, reference):
        found = self.registry.manifests.get((repository, reference))
        if found is None or found[0] not in self.headers.get("Accept", ""):
            self.error(404, "MANIFEST_UNKNOWN", "no such manifest")
            return
        self.answer(200, found[1], Content_Type=found[0], Docker_Content_Digest=digest_of(found[1]))

    head_manifests = get_manifests

    def put_manifests(self, repository, reference):
        content = self.body()
        for name in (reference, digest_of(content)):
            self.registry.manifests[repository, name] = (self.headers["Content-Type"], content)
        self.answer(201, Docker_Content_Digest=digest_of(content))

    def get_blobs(self, repository, digest):
        content = self.registry.blobs.get((repository, digest))
        if content is None:
            self.error(404, "BLOB_UNKNOWN", "no such blob")
            return
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        if start:
            stated = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.answer(206, content[start:], Content_Range=stated)
        else:
            self.answer(200, content)

    head_blobs = get_blobs

    def post_uploads(self, repository, **_):
        mounted = self.registry.blobs.get((*self.query.get("from", ()), *self.query.get("mount", ())))
        if mounted is not None:
            self.registry.blobs[repository, self.query["mount"][0]] = mounted
            self.answer(201)
            return
        name = f"upload-{len(self.registry.uploads)}"
        self.registry.uploads[name] = bytearray()
        self._accept(repository, name, **self.registry.upload_headers)

    def get_uploads(self, repository, upload):
        self._known(upload, lambda: self._accept(repository, upload, status=204))

    def delete_uploads(self, upload, **_):
        del self.registry.uploads[upload]
        self.answer(204)

    def patch_uploads(self, repository, upload):
        self._known(upload, lambda: self._append(repository, upload))

    def put_uploads(self, repository, upload):
        self._known(upload, lambda: self._finish(repository, upload, self.query["digest"][0]))

    def _known(self, upload, act):
        if upload in self.registry.uploads:
            act()
        else:
            self.error(404, "BLOB_UPLOAD_UNKNOWN", "no such upload")

    def _append(self, repository, upload):
        received = self.registry.uploads[upload]
        if not self.headers["Content-Range"].startswith(f"{len(received)}-"):
            self.error(416, "RANGE_INVALID", "out of order")
            return
        received += self.body()
        self._accept(repository, upload)

    def _finish(self, repository, upload, digest):
        content = bytes(self.registry.uploads[upload]) + self.body()
        if digest_of(content) != digest:
            self.error(400, "DIGEST_INVALID", "the content is another one")
            return
        del self.registry.uploads[upload]
        self.registry.blobs[repository, digest] = content
        self.answer(201, Docker_Content_Digest=digest)

    def _accept(self, repository, upload, status=202, **headers):
        path = f"/v2/{repository}/blobs/uploads/{upload}"
        location = self.registry.location.format(path=path, host=self.registry.host)
        stored = max(0, len(self.registry.uploads[upload]) - 1)
        self.answer(status, Location=location, Range=f"0-{stored}", **headers)
