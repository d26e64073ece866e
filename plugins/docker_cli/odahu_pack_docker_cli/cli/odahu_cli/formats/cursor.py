"""A place in a text that is read forward, a part at a time."""

from typing import BinaryIO, List

from gppi_runtime import Position

from .reading import InputError

# More than this in one row, or in what stands around the rows, is refused: memory is bounded.
LARGEST_PART = 64 * 2**20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_LITTLE = 2**12


class Cursor:
    """The text of an input from some place on.

    Args:
        file: the input.
        name: of the input, for messages.

    Attributes:
        name: as given.
        text: what was read and not taken yet.
        ended: whether nothing follows the text.
        place: where the text begins.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name = name
        self.text = b""
        self.ended = False
        self.place = Position(1, 1)
        self._file = file
        self.fill(len(_BYTE_ORDER_MARK))
        if self.text.startswith(_BYTE_ORDER_MARK):  # noqa: FURB188  # no removeprefix in Python 3.6
            self.text = self.text[len(_BYTE_ORDER_MARK) :]

    def fill(self, size: int) -> None:
        """Read until the text has at least this many bytes, or the input ends."""
        parts = [self.text]
        missing = size - len(self.text)
        while missing > 0 and not self.ended:
            part = self._file.read(missing)
            self.ended = not part
            parts.append(part)
            missing -= len(part)
        if len(parts) > 1:
            self.text = b"".join(parts)

    def grow(self) -> None:
        """Read about as much as there is already.

        Raises:
            InputError: it is too much.
        """
        if len(self.text) >= LARGEST_PART:
            mebibytes = LARGEST_PART // 2**20
            raise self.error(f"more than {mebibytes} MiB belong together here, in one row or name")
        self.fill(max(2 * len(self.text), _LITTLE))

    def take(self, count: int) -> bytes:
        """Take bytes off the text and move behind them."""
        taken = self.text[:count]
        self.text = self.text[count:]
        self.place = behind(self.place, taken)
        return taken

    def skip_space(self) -> None:
        """Move to what is no white space of JSON."""
        while True:
            left = len(self.text.lstrip(_SPACE))
            self.take(len(self.text) - left)
            if left or self.ended:
                return
            self.fill(_LITTLE)

    def peek(self) -> bytes:
        """Return the next byte that is no white space of JSON, or nothing at the end."""
        self.skip_space()
        return self.text[:1]

    def expect(self, byte: bytes, reason: str) -> None:
        """Take a byte.

        Raises:
            InputError: another one stands there.
        """
        if self.peek() != byte:
            raise self.error(reason)
        self.take(1)

    def pass_comma(self, closing: bytes) -> List[Position]:
        """Take the comma behind an element, unless the bracket that closes them all follows.

        Returns:
            The comma's place if that bracket follows the comma, too.

        Raises:
            InputError: neither stands there.
        """
        if self.peek() == closing:
            return []
        place = self.place
        self.expect(b",", "expecting ',' delimiter")
        return [place] if self.peek() == closing else []

    def error(self, reason: str) -> InputError:
        """Return an error that names this place."""
        return InputError(f"{self.name}:{self.place.line}:{self.place.column}: {reason}")


def behind(place: Position, text: bytes) -> Position:
    """Return the place behind a text that begins at a place."""
    lines = text.count(b"\n")
    last = text[text.rfind(b"\n") + 1 :] if lines else text
    width = len(last.decode("utf-8", "replace"))
    return Position(place.line + lines, width + (1 if lines else place.column))


def decoded(name: str, text: bytes, start: Position) -> str:
    """Decode a text.

    Args:
        name: of the input, for messages.
        text: should be UTF-8 without NUL.
        start: where it begins.

    Raises:
        InputError: it is not.
    """
    nul = text.find(b"\0")
    if nul >= 0:
        raise _not_text(name, behind(start, text[:nul]), "holds a NUL")
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        place = behind(start, text[: error.start])
        raise _not_text(name, place, f"is not UTF-8 ({error.reason})") from None


def _not_text(name: str, place: Position, reason: str) -> InputError:
    return InputError(f"{name}:{place.line}:{place.column}: the text {reason}")
