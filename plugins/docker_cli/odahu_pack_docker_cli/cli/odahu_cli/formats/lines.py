"""Texts of records that end with a line, cut between records."""

from typing import Callable, Iterator, NamedTuple

from gppi_runtime import Position

from .cursor import Cursor
from .reading import CHUNK_ROWS

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


class Sight(NamedTuple):
    """What stands in a text.

    Args:
        size: of the complete rows at its beginning.
        rows: how many these are.
        closed: whether no row can follow.
    """

    size: int
    rows: int
    closed: bool = False


class Window:
    """How much text to look at, so that a cut holds about a batch.

    Args:
        chunk_rows: the rows of a batch. Whoever asks for more than usual is given as much more memory.

    Attributes:
        size: in bytes.
    """

    def __init__(self, chunk_rows: int) -> None:
        self._chunk_rows = chunk_rows
        self._largest = LARGEST_WINDOW * max(chunk_rows, CHUNK_ROWS) // CHUNK_ROWS
        self.size = min(_FIRST_WINDOW, _USUAL_ROW * chunk_rows)

    def fit(self, cursor: Cursor, look: Callable[[bytes], Sight]) -> None:
        """Find a size to begin with: that of all rows where one batch holds them, for a model may sum up.

        Args:
            cursor: at the first row.
            look: tells what stands in a text that begins there.
        """
        while True:
            cursor.fill(self.size)
            sight = look(cursor.text[: self.size])
            whole = sight.closed or (cursor.ended and self.size >= len(cursor.text))
            if whole and sight.rows <= self._chunk_rows:
                return
            if whole or sight.rows > self._chunk_rows or self.size >= self._largest:
                self.learn(sight.size, sight.rows)
                return
            self.size = min(2 * self.size, self._largest)

    def learn(self, size: int, rows: int) -> None:
        """Take rows as an example for those to come."""
        wanted = int(size / max(rows, 1) * self._chunk_rows * _SHORT_OF_A_BATCH) + 1
        self.size = min(wanted, self._largest)


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
    window.fit(cursor, lambda text: Sight(len(text), count(text, _lines(text))))
    while cursor.text:
        start = cursor.place
        text = cursor.take(_end(cursor, window.size, last_end))
        rows = count(text, cursor.place.line - start.line + (not text.endswith(b"\n")))
        yield Cut(text, rows, start)
        window.learn(len(text), rows)
        cursor.fill(window.size)


def _lines(text: bytes) -> int:
    return text.count(b"\n") + (not text.endswith(b"\n"))


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
