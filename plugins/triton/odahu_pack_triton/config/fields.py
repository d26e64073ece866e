"""Where the fields of a message stand, and those of the messages in them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from .place import FieldPath, Place
from .tokens import without_question_marks

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor


class Fields:
    """The places of one message's fields, filled in by whoever reads its text.

    Attributes:
        key: The message's key, if it is the entry of a map.
    """

    def __init__(self) -> None:
        self._places: dict[FieldPath, Place] = {}
        self._inner: dict[FieldPath, Fields] = {}
        self._met: Counter[str] = Counter()
        self.key = ""

    def place(self, path: FieldPath) -> Place | None:
        """Return where a field stands; where it is not written, its nearest parent that is.

        Args:
            path: Names of fields; an index follows that of a repeated one, a key that of a map.
        """
        for length in (2, 1):
            step, rest = path[:length], path[length:]
            if step in self._places:
                inner = self._inner.get(step) if rest else None
                return (inner.place(rest) if inner else None) or self._places[step]
        return None

    def begin(self, name: str, place: Place) -> bool:
        """Note where a field's name stands, and tell whether it does so for the first time."""
        return self._places.setdefault((name,), place) is place

    def scalar(self, field: FieldDescriptor, place: Place, written: str) -> None:
        """Note a value as it is written, and where it stands."""
        if field.name == "key":
            self.key = _unescaped(written)
        if field.is_repeated:
            self._places[field.name, self._count(field.name)] = place

    def nested(self, field: FieldDescriptor, place: Place, inner: Fields) -> bool:
        """Note a message, and tell whether it takes the place of an entry with the same key."""
        path: FieldPath = (field.name,)
        if field.message_type.GetOptions().map_entry:
            path = (field.name, inner.key)
        elif field.is_repeated:
            path = (field.name, self._count(field.name))
        replaces = len(path) > 1 and path in self._places
        if len(path) > 1:
            self._places[path] = place
        self._inner[path] = inner
        return replaces

    def _count(self, name: str) -> int:
        self._met[name] += 1
        return self._met[name] - 1


def _unescaped(written: str) -> str:
    from google.protobuf.text_encoding import CUnescape  # noqa: PLC0415  # slow, as all of protobuf

    try:
        return str(CUnescape(without_question_marks(written)).decode("utf-8", "replace"))
    except ValueError:
        return written  # protobuf will tell
