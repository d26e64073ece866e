"""The page at ``/``: Swagger UI for browsers, the routes as JSON for everybody else."""

import json
import os
import zlib
from typing import Callable, Dict, Iterable, Mapping, Tuple

from .http.request import Exchange, Request
from .http.response import Headers, Response

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "pages")
"""Where an image holds the page."""

Handler = Callable[[Exchange], None]

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_PACKED = ".gz"
# zlib's name for gzip's format with the largest window.
_GZIP = 31
_FOREVER = "public, max-age=31536000, immutable"
_EACH_TIME = "no-cache"
_SAFE: Headers = (("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"))
# Swagger UI's style sheet holds its icons; nothing else comes from anywhere but this server.
_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self'; style-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


class _Document:
    """A text that stays the same as long as the server runs, sent compressed to all who can read that.

    Args:
        packed: the text as gzip's format has it.
        headers: its type, and what else it is sent with.
        varies: the request's headers by which the answer differs.
    """

    def __init__(self, packed: bytes, headers: Headers, varies: str = "accept-encoding") -> None:
        self._packed = packed
        self._unpacked = b""
        self._headers = (*headers, *_SAFE, ("vary", varies))
        # Such a file ends with the checksum and the size of the text.
        self.mark = packed[-8:].hex()

    def answer(self, exchange: Exchange) -> None:
        """Send the document, or say that the client has it."""
        request = exchange.request
        # An address that names the version never gets another one.
        lasting = request.query == self.mark.encode("ascii")
        kept = (("etag", f'W/"{self.mark}"'), ("cache-control", _FOREVER if lasting else _EACH_TIME))
        if _reads_gzip(request):
            body, headers = self._packed, (*self._headers, *kept, ("content-encoding", "gzip"))
        else:
            body, headers = self._text(), (*self._headers, *kept)
        exchange.answer(Response(304 if self._is_known(request) else 200, body, headers))

    def _text(self) -> bytes:
        # Hardly anybody asks for it, but those who do so all the time must not cost predictions theirs.
        self._unpacked = self._unpacked or zlib.decompress(self._packed, _GZIP)
        return self._unpacked

    def _is_known(self, request: Request) -> bool:
        given = request.header(b"if-none-match") or b""
        return given.strip() == b"*" or f'"{self.mark}"'.encode("ascii") in given


def pages(folder: str, name: str, routes: Mapping[str, Iterable[str]]) -> Dict[str, Handler]:
    """Read the page and its files, once.

    Args:
        folder: holds ``index.html`` and the compressed files that it asks for.
        name: the model's name, any text.
        routes: the methods of each path that the server answers.

    Returns:
        Who answers ``/`` and the path of each file.

    Raises:
        OSError: a file cannot be read.
    """
    files = dict(_files(folder))
    page = _Document(
        _pack(_page(folder, name, files)),
        (("content-type", "text/html; charset=utf-8"), ("content-security-policy", _POLICY)),
        "accept, accept-encoding",
    )
    table = {"name": name, "routes": {path: sorted(methods) for path, methods in sorted(routes.items())}}
    index = _Document(
        _pack(json.dumps(table).encode("ascii")),
        (("content-type", "application/json"),),
        "accept, accept-encoding",
    )

    def answer_root(exchange: Exchange) -> None:
        accepted = (exchange.request.header(b"accept") or b"").lower()
        (page if b"text/html" in accepted else index).answer(exchange)

    return dict([("/", answer_root)], **{f"/pages/{file}": files[file].answer for file in files})


def _files(folder: str) -> Iterable[Tuple[str, _Document]]:
    for file in sorted(os.listdir(folder)):
        name, ending = os.path.splitext(file)
        if ending == _PACKED:
            media_type = _MEDIA_TYPES[os.path.splitext(name)[1]]
            with open(os.path.join(folder, file), "rb") as packed:
                yield name, _Document(packed.read(), (("content-type", media_type),))


def _page(folder: str, name: str, files: Mapping[str, _Document]) -> bytes:
    with open(os.path.join(folder, "index.html"), encoding="utf-8") as template:
        text = template.read()
    for file, document in files.items():
        text = text.replace(f'"pages/{file}"', f'"pages/{file}?{document.mark}"')
    # The name last: what it holds is replaced by nothing.
    return text.replace("{{name}}", name.translate(_ESCAPES)).encode("utf-8", "replace")


def _pack(text: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    return packer.compress(text) + packer.flush()


def _reads_gzip(request: Request) -> bool:
    for choice in (request.header(b"accept-encoding") or b"").lower().split(b","):
        coding, _, weight = choice.partition(b";")
        if coding.strip() in (b"gzip", b"*"):
            return not weight or bool(weight.strip(b" q=0."))
    return False
