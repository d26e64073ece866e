"""Where the elements of a JSON array end, found without parsing them."""

import re
from typing import Iterator, NamedTuple, Optional, Tuple

from gppi_runtime import DocumentError

_STRUCTURE = b'[]{}"\\'
_ELSE = bytes(set(range(256)) - set(_STRUCTURE))
# A quote that no other follows ends the search: what stands behind it is inside of a string.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{}]', re.DOTALL)
# More than any parser of Python follows.
_DEEPEST = 10_000
_SCALAR = re.compile(rb"[^\s,\[\]{}\"]+")


class Elements(NamedTuple):
    """Complete elements at the beginning of a text.

    Args:
        rows: how many.
        end: behind the last of them.
        closed: where the bracket stands that closes the array, if it is in the text.
    """

    rows: int
    end: int
    closed: Optional[int] = None


def find_elements(text: bytes, pair: bytes) -> Elements:
    """Find the elements of an array.

    Args:
        text: the array from the beginning of an element on.
        pair: the brackets of an element, ``[]`` or ``{}``.

    Returns:
        What is there for certain: the JSON of all elements up to the end, each of them whole.

    Raises:
        DocumentError: they are nested too deeply.
    """
    end = text.rfind(pair[1:]) + 1
    count = _flat(text[:end], pair)
    return Elements(count, end) if count else _walk(text)


def _flat(text: bytes, pair: bytes) -> int:
    """Count elements that hold no element of their own kind; 0 where that is not so."""
    structure = text.translate(None, _ELSE)
    if b"\\" in structure:
        return 0
    # A string without brackets leaves a pair of quotes.
    structure = structure.replace(b'""', b"").replace(b"{}" if pair == b"[]" else b"[]", b"")
    count = structure.count(pair)
    return count if 2 * count == len(structure) else 0


def _walk(text: bytes) -> Elements:
    count = end = 0
    for depth, bracket_end in _depths(text):
        if depth < 0:
            return Elements(count, end, bracket_end - 1)
        if depth == 0:
            count, end = count + 1, bracket_end
    return Elements(count, end)


def _depths(text: bytes) -> Iterator[Tuple[int, int]]:
    """Go through brackets: how many are open behind each, and where that is."""
    depth = 0
    for token in _TOKEN.finditer(text):
        first = token.group()[:1]
        if first == b'"':
            if token.end() - token.start() == 1:
                return
            continue
        depth += 1 if first in b"[{" else -1
        if depth > _DEEPEST:
            raise DocumentError("the document is nested too deeply")
        yield depth, token.end()


def value_end(text: bytes) -> Optional[int]:
    """Find the end of one JSON value of any type.

    Args:
        text: from the value's first character on.

    Returns:
        The offset behind it; None where the text ends before, or might.

    Raises:
        DocumentError: it is nested too deeply.
    """
    if text[:1] in (b"[", b"{"):
        return next((end for depth, end in _depths(text) if depth == 0), None)
    if text[:1] == b'"':
        string = _TOKEN.match(text)
        return string.end() if string and len(string.group()) > 1 else None
    scalar = _SCALAR.match(text)
    end = scalar.end() if scalar else 0
    return end if end < len(text) else None
