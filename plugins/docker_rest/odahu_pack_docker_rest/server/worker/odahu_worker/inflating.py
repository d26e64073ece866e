"""Compressed requests made plain, as far as they stay within a limit."""

import zlib

from gppi_runtime import DocumentError
from gppi_runtime.tensors import TOO_LARGE

# gzip and zlib, told apart by their first bytes: "deflate" of HTTP means zlib, RFC 9110 section 8.4.1.2.
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


def inflate(body: bytes, most_bytes: int) -> bytes:
    """Decompress a body.

    Args:
        body: one gzip or zlib stream.
        most_bytes: the size that the result may have.

    Raises:
        DocumentError: the body is no such stream, or, with the code `TOO_LARGE`, holds too much.
    """
    stream = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        plain = stream.decompress(body, most_bytes + 1)
    except zlib.error:
        raise DocumentError("the body is not compressed as Content-Encoding says") from None
    if len(plain) > most_bytes:
        raise DocumentError(f"the request is larger than {most_bytes} bytes", TOO_LARGE)
    if not stream.eof:
        raise DocumentError("the body ends before what Content-Encoding promises")
    if stream.unused_data:
        raise DocumentError("more than one compressed stream is more than Content-Encoding says")
    return plain
