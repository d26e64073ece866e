"""Blobs, read in chunks, resumed where a connection breaks, and checked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Final

import httpx

from odahu_pack_core.blob.descriptor import Descriptor
from odahu_pack_core.errors import RegistryError

from .clock import Deadline
from .exchange import Exchange, Question
from .paths import blob_path
from .retrying import PassingError, persist
from .scope import pulling
from .wire import failures_told

_OK, _PARTIAL = 200, 206
_RANGE: Final = re.compile(r"bytes (\d{1,18})-\d{1,18}/(?:\d{1,18}|\*)")


def open_blob(
    exchange: Exchange, repository: str, descriptor: Descriptor
) -> AbstractContextManager[Iterator[bytes]]:
    """Give a blob's content in chunks.

    Args:
        exchange: Asks the registry.
        repository: As the registry calls it.
        descriptor: Size and digest that the content must have.

    Raises:
        RegistryError: Where the context is entered or a chunk is asked for: the registry refused or failed,
            or the content is another one, which the last chunk is followed by.
    """
    question = Question(
        f"read the blob {descriptor.digest} of {repository}",
        "GET",
        exchange.endpoint.url(blob_path(repository, descriptor.digest)),
        pulling(repository),
    )
    return _opened(_Download(exchange, question, descriptor))


@contextmanager
def _opened(download: _Download) -> Generator[Iterator[bytes], None, None]:
    try:
        yield download.chunks()
    finally:
        download.close()


class _Download:
    """A blob on its way."""

    def __init__(self, exchange: Exchange, question: Question, descriptor: Descriptor) -> None:
        self._exchange = exchange
        self._question = question
        self._descriptor = descriptor
        self._deadline = Deadline.for_bytes(descriptor.size, exchange.clock)
        self._position = 0
        self._connection = ExitStack()
        self._incoming: Iterator[bytes] | None = None

    def chunks(self) -> Iterator[bytes]:
        """Yield the content, then check it."""
        seen = hashlib.sha256()
        while chunk := persist(self._next, self._exchange.clock):
            seen.update(chunk)
            yield chunk
        if f"sha256:{seen.hexdigest()}" != self._descriptor.digest:
            raise self._bad("its content has another digest")

    def close(self) -> None:
        """Break off."""
        self._incoming = None
        self._connection.close()

    def _next(self) -> bytes:
        """Return the next chunk, from a new connection where the last one broke; nothing at the end."""
        try:
            incoming = self._incoming = self._incoming or self._connected()
            with failures_told(self._question.action, self._question.url):
                chunk = next(incoming, b"")
            self._check(chunk)
        except RegistryError:
            self.close()
            raise
        self._position += len(chunk)
        return chunk

    def _connected(self) -> Iterator[bytes]:
        position = self._position
        headers = {"Range": f"bytes={position}-"} if position else {}
        question = replace(self._question, headers=headers)
        response = self._connection.enter_context(self._exchange.ask(question, _OK, _PARTIAL))
        start = self._start(response)
        stated = response.headers.get("content-length", "")
        if stated.isdigit() and int(stated) != self._descriptor.size - start:
            raise self._bad(f"it says that {stated[:20]} bytes follow the first {start}")
        return _without_first(position - start, response.iter_raw())

    def _start(self, response: httpx.Response) -> int:
        """Return where an answer begins; servers may send the whole when asked for a range."""
        if response.status_code == _OK:
            return 0
        match = _RANGE.fullmatch(response.headers.get("content-range", ""))
        if match is None or int(match[1]) != self._position:
            raise self._bad("it sends another range than the one asked for")
        return self._position

    def _check(self, chunk: bytes) -> None:
        reached, size = self._position + len(chunk), self._descriptor.size
        if reached > size:
            raise self._bad(f"it has more than {size} bytes")
        if self._deadline.passed:
            raise self._bad(f"it took too long to send {reached} of {size} bytes")
        if not chunk and reached < size:
            message = f"cannot {self._question.action}: the registry sent only {reached} of {size} bytes"
            raise PassingError(message, code="bad-digest")

    def _bad(self, reason: str) -> RegistryError:
        message = f"cannot {self._question.action} from {self._exchange.endpoint.host}: {reason}"
        return RegistryError(message, code="bad-digest")


def _without_first(count: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        if len(chunk) > count:
            yield chunk[count:]
        count = max(0, count - len(chunk))
