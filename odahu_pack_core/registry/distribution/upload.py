"""Blobs, sent whole or in chunks; gone on with where a connection breaks, begun again where all is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from odahu_pack_core.blob.descriptor import Blob
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.names import CACHE_FOLDER_VARIABLE

from .clock import Deadline
from .exchange import Content, Exchange, Question
from .paths import blob_path
from .retrying import PassingError, persist
from .scope import pulling
from .upload_session import BAD_REQUEST, FORGOTTEN, UploadSession

PIECE_BYTES: Final = 256 * 1024
"""How much is given to the socket at once: what it does not take of a piece is copied."""

_CHUNK_BYTES: Final = 32 * 1024 * 1024
_OK, _NOT_FOUND = 200, 404


def push_blob(exchange: Exchange, repository: str, blob: Blob, sent: Callable[[int], None]) -> None:
    """Upload a blob.

    It goes in one request. Where that breaks off, the registry is asked how much it has, and the rest follows
    in chunks; so does everything where the registry names a size of chunks.

    Args:
        exchange: Asks the registry.
        repository: As the registry calls it.
        blob: The content.
        sent: Told of bytes as they leave; of a negative number when some must be sent again.

    Raises:
        RegistryError: The registry refused or failed, or the blob is not what its descriptor says.
    """
    upload = _Upload(exchange, repository, blob, sent)
    persist(upload.go_on, exchange.clock, progress=lambda: upload.stored)


class _Upload:
    """A blob on its way to a registry."""

    def __init__(self, exchange: Exchange, repository: str, blob: Blob, sent: Callable[[int], None]) -> None:
        self._exchange = exchange
        self._repository = repository
        self._blob = blob
        self._digest = blob.descriptor.digest
        self._size = blob.descriptor.size
        self._sent = sent
        self._told = 0
        self._deadline = Deadline.for_bytes(self._size, exchange.clock)
        self._action = f"upload the blob {self._digest} to {repository}"
        self._session: UploadSession | None = None
        self._is_first_try = True

    @property
    def stored(self) -> int:
        """Bytes that the registry is known to have."""
        return self._session.stored if self._session else 0

    def go_on(self) -> None:
        """Begin, or go on where the last try ended.

        Raises:
            PassingError: It broke off; call again.
            RegistryError: It failed for good.
        """
        if not self._is_first_try and self._is_there():
            return
        self._is_first_try = False
        session = self._session = self._found() or UploadSession.begin(
            self._exchange, self._repository, self._action
        )
        if session.resumed or session.least_chunk is not None:
            self._append_all(session, max(session.least_chunk or 0, _CHUNK_BYTES))
        content = self._content(session.stored, self._size - session.stored)
        status = session.finish(self._digest, content)
        if status in FORGOTTEN or (status == BAD_REQUEST and session.resumed):
            raise self._forgotten()
        if status == BAD_REQUEST:
            message = f"cannot {self._action}: the registry says that it received another content"
            hint = f"run again; if that does not help, the cache is damaged: empty {CACHE_FOLDER_VARIABLE}"
            raise RegistryError(message, code="bad-digest", hint=hint)
        self._tell(self._size)

    def _is_there(self) -> bool:
        """Look whether the last try succeeded, and only its answer was lost."""
        url = self._exchange.endpoint.url(blob_path(self._repository, self._digest))
        question = Question(self._action, "HEAD", url, pulling(self._repository))
        with self._exchange.ask(question, _OK, _NOT_FOUND) as response:
            there = response.status_code == _OK
        if there:
            self._tell(self._size)
        return there

    def _found(self) -> UploadSession | None:
        """Return the upload that broke off, as far as the registry has it; None where it has nothing."""
        known, self._session = self._session, None
        return known.found(self._size) if known is not None else None

    def _append_all(self, session: UploadSession, chunk: int) -> None:
        while session.stored < self._size:
            count = min(chunk, self._size - session.stored)
            if session.append(self._content(session.stored, count)) in FORGOTTEN:
                raise self._forgotten()

    def _forgotten(self) -> PassingError:
        self._session = None
        return PassingError(
            f"cannot {self._action}: the registry {self._exchange.endpoint.host} lost what it was sent"
        )

    def _content(self, start: int, count: int) -> Content:
        return Content(count, lambda: self._pieces(start, count))

    def _pieces(self, start: int, count: int) -> Iterator[bytes]:
        """Yield some bytes of the blob in pieces that suit a socket."""
        self._tell(start)
        end = start + count
        for chunk in self._blob.chunks(start):
            for piece in _cut(chunk[: end - self._told]):
                if self._deadline.passed:
                    raise RegistryError(f"cannot {self._action}: it takes too long", code="registry-failed")
                yield piece
                self._tell(self._told + len(piece))
            if self._told == end:
                return
        if self._told < end:
            message = f"cannot {self._action}: it has only {self._told} of its {self._size} bytes"
            raise RegistryError(message, code="bad-digest")

    def _tell(self, reached: int) -> None:
        if reached != self._told:
            step, self._told = reached - self._told, reached
            self._sent(step)


def _cut(chunk: bytes) -> Iterator[bytes]:
    if len(chunk) <= PIECE_BYTES:
        yield from (chunk,) if chunk else ()
        return
    for start in range(0, len(chunk), PIECE_BYTES):
        yield chunk[start : start + PIECE_BYTES]
