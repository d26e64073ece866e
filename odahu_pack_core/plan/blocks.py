"""Cuts and joins pieces of a stream to blocks of one size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def in_blocks(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the bytes of pieces in blocks that all have the same size, but for the last.

    Args:
        pieces: The stream, cut anywhere.
        size: Bytes of a block.
    """
    held: list[bytes | memoryview] = []
    room = size
    for piece in pieces:
        if len(piece) == room == size:
            yield piece
            continue
        # A view, so that bytes are copied once at most, however the stream is cut.
        rest = memoryview(piece)
        while len(rest) >= room:
            held.append(rest[:room])
            yield b"".join(held)
            rest = rest[room:]
            held, room = [], size
        if rest:
            held.append(rest)
            room -= len(rest)
    if held:
        yield b"".join(held)
