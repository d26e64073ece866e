"""What readers of inputs have in common: pieces are cut in one process and parsed in any."""

import contextlib
from abc import ABC, abstractmethod
from typing import Any, BinaryIO, Callable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from gppi_runtime import (
    MATRIX,
    DocumentError,
    Field,
    JsonSyntaxError,
    MatrixRequest,
    Position,
    Request,
    RowError,
)

BEGINNING = Position(1, 1)
AUTO, YES, NO = "auto", "yes", "no"
CHUNK_ROWS = 10_000
# The types that cells of numbers are of, for `MatrixRequest.kinds`.
FLOAT, NUMBERS = frozenset([float]), frozenset([int, float])


class ReadOptions(NamedTuple):
    """What a reader has to know.

    Args:
        mode: the model's prediction mode.
        fields: what the model says of its inputs; empty where it says nothing.
        chunk_rows: the most rows in a batch.
        header: whether a CSV file begins with names: ``auto``, ``yes`` or ``no``.
        delimiter: what separates cells of CSV; None to look for it.
        arrays: whether rows of numbers may come as an array of numpy.
    """

    mode: str = MATRIX
    fields: Sequence[Field] = ()
    chunk_rows: int = CHUNK_ROWS
    header: str = AUTO
    delimiter: Optional[str] = None
    arrays: bool = True


class Place(NamedTuple):
    """Where rows stand.

    Args:
        name: the file as the user wrote it.
        first_row: the number of the first of them in the file, from 1.
        lines: the line of each; None where lines mean nothing.
    """

    name: str
    first_row: int
    lines: Optional[Sequence[int]]


class Batch(NamedTuple):
    """Rows or objects for one call of the model.

    Args:
        request: what the model is asked; its rows may be an array of numpy.
        place: where that stands in the input.
        commas: trailing commas that were overlooked.
        as_lists: makes the same request with lists; None where the rows are lists.
    """

    request: Request
    place: Place
    commas: Sequence[Position] = ()
    as_lists: Optional[Callable[[], MatrixRequest]] = None


class Piece(NamedTuple):
    """A part of an input, not parsed yet.

    Args:
        content: for the parser of the same format; can be pickled.
        rows: how many it holds, as far as one sees that without parsing it.
        first_row: the number of its first row in the file, from 1.
        start: where its text begins.
    """

    content: Any
    rows: int
    first_row: int
    start: Position


class InputError(Exception):
    """An input that cannot be read; the message names the file and the place."""


class Parser(ABC):
    """Makes batches of pieces, in whatever process; can be pickled.

    Args:
        name: of the input.
        options: how to read.
    """

    def __init__(self, name: str, options: ReadOptions) -> None:
        self._name = name
        self._options = options

    @abstractmethod
    def parse(self, piece: Piece) -> Iterator[Batch]:
        """Parse a piece.

        Raises:
            InputError: the piece is not what the format or the model's mode demands.
        """


class Source(ABC):
    """An input being read.

    Attributes:
        parser: for its pieces.
        commas: trailing commas overlooked while cutting; complete after the last piece.
    """

    def __init__(self, parser: Parser) -> None:
        self.parser = parser
        self.commas: List[Position] = []

    @abstractmethod
    def pieces(self) -> Iterator[Piece]:
        """Cut the input, in its order.

        Raises:
            InputError: the input is cut off, or too much of it belongs together.
        """


class InputFormat(ABC):
    """A format that is read.

    Attributes:
        name: as the command line has it.
        suffixes: of file names, in lower case.
    """

    name: str
    suffixes: Tuple[str, ...]

    @abstractmethod
    def open(self, file: BinaryIO, name: str, options: ReadOptions) -> Source:
        """Begin to read.

        Args:
            file: the input; need not be seekable.
            name: of the file, for messages.
            options: how to read.

        Raises:
            InputError: the beginning of the input is not of this format.
        """


def located(error: DocumentError, place: Place) -> InputError:
    """Say where in the input a request is wrong.

    Args:
        error: what is wrong with the request of a batch.
        place: where the rows of the batch stand.
    """
    if isinstance(error, RowError):
        row = f"{error.noun} {place.first_row + error.row - 1}{error.rest}"
        line = "" if place.lines is None else f":{place.lines[error.row - 1]}"
        return InputError(f"{place.name}{line}: {row}")
    line = f":{place.lines[0]}" if place.lines and place.lines[0] == place.lines[-1] else ""
    return InputError(f"{place.name}{line}: {error.message}")


@contextlib.contextmanager
def locating(place: Place) -> Iterator[None]:
    """Turn a `DocumentError` about a request into an error about the input.

    Args:
        place: where the rows of the request stand.

    Raises:
        InputError: the request is wrong.
    """
    try:
        yield
    except DocumentError as error:
        raise located(error, place) from None


def misread(name: str, error: DocumentError, start: Position = BEGINNING, skipped: int = 0) -> InputError:
    """Say where in the input a text is not JSON.

    Args:
        name: of the file.
        error: from the parser of the text.
        start: where the text begins in the file.
        skipped: characters that the parser was given before the text's first.
    """
    if not isinstance(error, JsonSyntaxError):
        return InputError(f"{name}:{start.line}:{start.column}: {error.message}")
    place = moved(Position(error.line, error.column), start, skipped)
    return InputError(f"{name}:{place.line}:{place.column}: {error.reason}")


def moved(place: Position, start: Position, skipped: int = 0) -> Position:
    """Turn a place in a text into one in the file, as `misread` does."""
    if place.line > 1:
        return Position(start.line + place.line - 1, place.column)
    return Position(start.line, max(start.column + place.column - 1 - skipped, 1))
