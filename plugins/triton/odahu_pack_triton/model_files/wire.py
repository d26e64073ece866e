"""A reader of protobuf's wire format that jumps over what is not asked for, such as a model's weights.

Memory is bounded by a window and by the names that are asked for, time by the number of fields that are
looked at, neither by the size of the file. Format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final, NamedTuple

from .faults import ModelFileError
from .stream import size_of

_WINDOW: Final = 64 * 1024
_LONGEST_TEXT: Final = 64 * 1024
_MOST_TEXT: Final = 64 * 1024 * 1024
_MOST_FIELDS: Final = 2_000_000
_MOST_VARINT_BITS: Final = 64
_SIGN: Final = 1 << 63

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5
_FIXED: Final = {FIXED64: 8, FIXED32: 4}


class Field(NamedTuple):
    """One field of a message: a number, or where its bytes lie.

    Args:
        number: The field's number in the schema.
        kind: The wire type: `VARINT`, `FIXED64`, `BYTES` or `FIXED32`.
        value: What a number's bits are, unsigned; 0 for bytes.
        start: Where the content begins.
        end: Where the next field begins.
    """

    number: int
    kind: int
    value: int
    start: int
    end: int

    @property
    def signed(self) -> int:
        """The number as ``int64``."""
        return self.value - (self.value & _SIGN) * 2


class WireReader:
    """The fields of a message in a file, one after the other, and of the messages in it.

    Args:
        stream: The file.
        file: What errors call it.
    """

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self._stream, self._file = stream, file
        self._window, self._begin = b"", 0
        self._left, self._text_left = _MOST_FIELDS, _MOST_TEXT
        self.size = size_of(stream)

    def fields(self, of: Field | None = None) -> Iterator[Field]:
        """Yield the fields of a message.

        Args:
            of: The field that is a message; None for the whole file.

        Raises:
            ModelFileError: What is there is no message.
        """
        if of is not None and of.kind != BYTES:
            raise self.fault("a number stands in place of a message", of.start)
        at, end = (of.start, of.end) if of is not None else (0, self.size)
        while at < end:
            field = self._field(at, end)
            yield field
            at = field.end

    def named(self, schema: Mapping[int, str], of: Field | None = None) -> Iterator[tuple[str, Field]]:
        """Yield the fields of a message that a schema names, each with its name.

        Args:
            schema: Names by the numbers of fields; all others are passed over.
            of: The field that is a message; None for the whole file.
        """
        for field in self.fields(of):
            if field.number in schema:
                yield schema[field.number], field

    def text(self, field: Field) -> str:
        """Return a field as text.

        Raises:
            ModelFileError: It is a number, or longer than any name.
        """
        length = field.end - field.start
        if field.kind != BYTES or length > _LONGEST_TEXT:
            raise self.fault("a name was expected", field.start)
        self._text_left -= length
        if self._text_left < 0:
            raise self.fault(f"more than {_MOST_TEXT} bytes of names", field.start)
        return self._bytes(field.start, length).decode("utf-8", "replace")

    def integers(self, field: Field) -> Iterator[int]:
        """Yield the numbers of a repeated integer's field, whether they are packed or not."""
        if field.kind != BYTES:
            yield field.signed
            return
        at = field.start
        while at < field.end:
            value, at = self._varint(at, field.end)
            yield value - (value & _SIGN) * 2

    def fault(self, reason: str, offset: int) -> ModelFileError:
        """Return the error that tells of a place in the file."""
        return ModelFileError(reason, self._file, offset)

    def _field(self, at: int, end: int) -> Field:
        tag, start = self._varint(at, end)
        number, kind = tag >> 3, tag & 7
        if not number or number >= 1 << 29:
            raise self.fault(f"no protobuf message: no field has the number {number}", at)
        value = 0
        if kind == VARINT:
            value, after = self._varint(start, end)
        elif kind == BYTES:
            length, start = self._varint(start, end)
            after = start + length
        elif kind in _FIXED:
            after = start + _FIXED[kind]
        else:
            raise self.fault(f"no protobuf message: no field has the wire type {kind}", at)
        if after > end:
            raise self.fault("the file is cut off, or no protobuf message", at)
        if kind in _FIXED:
            value = int.from_bytes(self._bytes(start, after - start), "little")
        return Field(number, kind, value, start, after)

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        """Return a number of variable length and where it ends."""
        self._left -= 1
        if self._left < 0:
            raise self.fault(f"more than {_MOST_FIELDS} fields", at)
        value = shift = 0
        for offset in range(at, min(end, at + 10)):
            index = offset - self._begin
            if not 0 <= index < len(self._window):
                self._move(offset)
                index = 0
            byte = self._window[index]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:  # noqa: PLR2004  # the bit that says "more"
                return value & (1 << _MOST_VARINT_BITS) - 1, offset + 1
            shift += 7
        raise self.fault("the file is cut off, or no protobuf message", at)

    def _bytes(self, at: int, length: int) -> bytes:
        index = at - self._begin
        if index < 0 or index + length > len(self._window):
            self._move(at)
            index = 0
        found = self._window[index : index + length]
        if len(found) < length:
            raise self.fault("the file is cut off", at)
        return found

    def _move(self, at: int) -> None:
        self._stream.seek(at)
        self._window, self._begin = self._stream.read(_WINDOW), at
        if not self._window:
            raise self.fault("the file is cut off", at)
