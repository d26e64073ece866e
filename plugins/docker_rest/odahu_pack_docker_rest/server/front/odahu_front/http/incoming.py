"""A request on its way through a connection, with the memory that its body takes."""

from typing import Optional, Union

from .request import Exchange
from .response import Refusal
from .routes import Route
from .site import Site


class Incoming:
    """A request from its head to its answer.

    Args:
        exchange: the request and where its answer goes.
        version: the version of HTTP, as ``1.1``.
        site: accounts for the memory.

    Attributes:
        route: who answers it, unless it is refused.
        refusal: its answer, if that is known before the request is complete.
        size: bytes of the body that have arrived.
        keep_alive: whether the connection serves more requests after it.
    """

    __slots__ = ("_body", "_held", "_site", "exchange", "keep_alive", "refusal", "route", "size", "version")

    def __init__(self, exchange: Exchange, version: str, site: Site) -> None:
        self.exchange = exchange
        self.version = version
        self.route: Optional[Route] = None
        self.refusal: Optional[Refusal] = None
        self.size = 0
        self.keep_alive = False
        self._site = site
        self._body: Union[bytes, bytearray] = b""
        self._held = 0

    def keep(self, data: bytes) -> None:
        """Add to the body; a single array, for a million small chunks would take far more than their bytes.

        Raises:
            Refusal: 503, there is no room for it now.
        """
        self._site.take(len(data))
        self._held += len(data)
        if not self._body:
            self._body = data
            return
        if not isinstance(self._body, bytearray):
            self._body = bytearray(self._body)
        self._body += data

    def complete(self) -> None:
        """Give the body to the request."""
        self.exchange.request.body = bytes(self._body)
        self._body = b""

    def release(self) -> None:
        """Give up the room for the body."""
        self._site.give_back(self._held)
        self._held = 0
        self._body = b""
