"""Streams to pack, with a count of how often they are read, and a check of what came out."""

import gzip
import random
from dataclasses import dataclass, field

from odahu_pack_core.blob.descriptor import OCI_LAYER, Descriptor, digest_of_bytes

MEBIBYTE = 1024**2
RANDOM = random.Random(0).randbytes(MEBIBYTE)
"""A mebibyte that does not compress."""
TEXT = b"".join(b"import module_%d\n" % number for number in range(100_000))[:MEBIBYTE]
"""A mebibyte that compresses to a tenth."""


@dataclass
class Stream:
    """A stream that is the same pieces at every reading; counts the readings."""

    pieces: list
    readings: int = field(default=0, init=False)

    @property
    def size(self):
        return sum(map(len, self.pieces))

    def chunks(self):
        self.readings += 1
        return iter(self.pieces)

    @property
    def content(self):
        return b"".join(self.pieces)


@dataclass
class Changing:
    """A stream that is something else at every reading."""

    contents: list

    @property
    def size(self):
        return len(self.contents[0])

    def chunks(self):
        yield self.contents.pop(0)


def check(packed, content):
    """Check that a layer is whole, as a stream and as a blob; return the blob's bytes."""
    assert (packed.diff_id, packed.size) == (digest_of_bytes(content), len(content))
    assert b"".join(packed.chunks()) == content
    blob = b"".join(packed.blob.chunks())
    assert packed.descriptor == Descriptor(packed.descriptor.media_type, digest_of_bytes(blob), len(blob))
    for start in (1, len(blob) // 2, len(blob) - 1, len(blob)):
        assert b"".join(packed.blob.chunks(start)) == blob[start:]
    if packed.descriptor.media_type == OCI_LAYER:
        assert blob == content
    else:
        assert gzip.decompress(blob) == content
    return blob
