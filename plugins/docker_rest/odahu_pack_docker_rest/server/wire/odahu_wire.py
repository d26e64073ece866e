"""The frames that the front and a worker send each other over a pair of connected sockets.

A frame is a header of fixed size and a body: ``kind, status, number of the request, size of the body``.
The front sends PREDICT with a request's body. The worker sends one READY with the Swagger document or
one FAILED with a reason, then an ANSWER with an HTTP status and a body for each PREDICT, in any order.
"""

import struct
from typing import NamedTuple

PREDICT = 1
READY = 2
FAILED = 3
ANSWER = 4

_HEADER = struct.Struct(">BHQQ")
HEADER_SIZE = _HEADER.size


class Header(NamedTuple):
    """What comes before the body of a frame."""

    kind: int
    status: int
    number: int
    size: int


def pack(kind: int, body: bytes, number: int = 0, status: int = 0) -> bytes:
    """Make the bytes of a frame."""
    return _HEADER.pack(kind, status, number, len(body)) + body


def unpack_header(raw: bytes) -> Header:
    """Read the first `HEADER_SIZE` bytes of a frame."""
    return Header(*_HEADER.unpack(raw))
