"""Texts of records that end with a line, cut between records."""

from typing import Callable, Iterator, NamedTuple

from gppi_runtime import Position

from .cursor import Cursor

_FIRST_WINDOW, LARGEST_WINDOW = 2**16, 2**22
# Bytes of a row that nobody has seen yet. Small batches are those of slow models, whose workers share them.
_USUAL_ROW = 64
# Pieces that come out a little larger than a batch would make batches of a few rows.
_SHORT_OF_A_BATCH = 0.95


class Cut(NamedTuple):
    """Rows cut off a text.

    Args:
        text: of the rows.
        rows: how many there are.
        start: where the text begins.
    """

    text: bytes
    rows: int
    start: Position


class Window:
    """How much text to look at, so that a cut holds about a batch.

    Args:
        chunk_rows: the rows of a batch.
    """

    def __init__(self, chunk_rows: int) -> None:
        self._chunk_rows = chunk_rows
        self.size = min(_FIRST_WINDOW, _USUAL_ROW * chunk_rows)

    def learn(self, size: int, rows: int) -> None:
        """Take a cut as an example for those to come."""
        wanted = int(size / max(rows, 1) * self._chunk_rows * _SHORT_OF_A_BATCH) + 1
        self.size = min(wanted, LARGEST_WINDOW)


def records(
    cursor: Cursor,
    chunk_rows: int,
    last_end: Callable[[bytes], int],
    count: Callable[[bytes, int], int],
) -> Iterator[Cut]:
    """Cut a text to its end.

    Args:
        cursor: at the beginning of a record.
        chunk_rows: about how many to a cut.
        last_end: finds the end of the last complete record in a text, or 0.
        count: counts the records of a text that has so many lines.

    Raises:
        InputError: a record is too long.
    """
    window = Window(chunk_rows)
    cursor.fill(window.size)
    while cursor.text:
        start = cursor.place
        text = cursor.take(_end(cursor, window.size, last_end))
        rows = count(text, cursor.place.line - start.line + (not text.endswith(b"\n")))
        yield Cut(text, rows, start)
        window.learn(len(text), rows)
        cursor.fill(window.size)


def _end(cursor: Cursor, size: int, last_end: Callable[[bytes], int]) -> int:
    """Find where to cut about so many bytes off, or more, so that there is a record."""
    while True:
        if cursor.ended and len(cursor.text) <= size:
            return len(cursor.text)
        end = last_end(cursor.text[:size])
        if end:
            return end
        if size >= len(cursor.text):
            cursor.grow()
        size *= 2


def filled_lines(text: bytes, lines: int, blank: bytes) -> int:
    """Count the lines that hold anything but blank characters.

    Args:
        text: of the lines.
        lines: how many there are.
        blank: characters that make no line.
    """
    # A search for one byte takes next to no time, and spares most of those for two.
    gaps = (b"\n%c" % each for each in b"\n" + blank if b"%c" % each in text)
    if text[:1].strip(b"\n" + blank) and not any(gap in text for gap in gaps):
        return lines
    return sum(1 for line in text.split(b"\n") if line.strip(blank))
