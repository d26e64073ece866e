"""The frames that the front and a worker send each other over a pair of connected sockets.

A frame is a header of fixed size and a body. The front sends PREDICT, INFER or COMPRESSED_INFER with a
request's body, or PREDICT_NUMBERS with what it has read of one; frames marked `MORE` belong together with the
next one, so that a worker may answer them with one call of the model. The worker sends one READY with what it
knows about the model or one FAILED with a reason, then an ANSWER with an HTTP status and a body for each
request, in any order.
"""

import struct
from typing import NamedTuple, Union

PREDICT = 1
INFER = 2
COMPRESSED_INFER = 3
PREDICT_NUMBERS = 4
READY = 5
FAILED = 6
ANSWER = 7

MORE = 1

_HEADER = struct.Struct(">BBHIIQQ")
HEADER_SIZE = _HEADER.size


class Header(NamedTuple):
    """What comes before the body of a frame.

    Args:
        kind: PREDICT, INFER, COMPRESSED_INFER, PREDICT_NUMBERS, READY, FAILED or ANSWER.
        flags: MORE, or 0.
        status: the HTTP status of an ANSWER.
        split: bytes of the JSON at the beginning of a body where tensors or doubles follow it, else 0; of
            READY: of the Swagger document, which the metadata of the Open Inference Protocol follow.
        rows: of an ANSWER: rows in the call of the model behind it, 0 where another answer tells them; of
            READY: rows of different requests that may go into one call, 1 where none may.
        number: tells a request from the others.
        size: bytes of the body.
    """

    kind: int
    flags: int
    status: int
    split: int
    rows: int
    number: int
    size: int


def pack(
    kind: int, body: bytes, number: int = 0, *, flags: int = 0, status: int = 0, split: int = 0, rows: int = 0
) -> bytes:
    """Make the bytes of a frame."""
    return _HEADER.pack(kind, flags, status, split, rows, number, len(body)) + body


def unpack_header(raw: Union[bytes, bytearray], offset: int = 0) -> Header:
    """Read the `HEADER_SIZE` bytes of a frame that begin at an offset."""
    return Header._make(_HEADER.unpack_from(raw, offset))
