"""Where each field of a configuration's text stands.

Protobuf's own parser keeps no places. The text has been parsed by it before it is walked through here, so the
walk need not tell right from wrong: it only counts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, FieldDescriptor

FieldPath = tuple[str | int, ...]
"""The way to a field, such as ``("input", 0, "dims", 1)`` or ``("parameters", "threads", "value")``."""

_TOKEN: Final = re.compile(
    r"""(?P<skipped>\s+|\#[^\n]*|[,;:])
      | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<mark>[{}<>\[\]])
      | (?P<word>[^\s,;:{}<>\[\]"'\#]+)
      | (?P<rest>.)""",
    re.VERBOSE | re.DOTALL,
)
_OPENERS: Final = frozenset("{<")
_CLOSERS: Final = frozenset("}>]")


@dataclass(frozen=True)
class Place:
    """A place in a text.

    Args:
        line: Counted from 1.
        column: Counted from 1, in characters.
    """

    line: int
    column: int


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: Place


def find_places(text: str, schema: Descriptor) -> Mapping[FieldPath, Place]:
    """Return the place of every field and of every element of the repeated ones.

    A map's entries are found by their keys; where a key is written twice, the last place counts, as the last
    value does.

    Args:
        text: Text that protobuf has parsed as a message of the schema.
        schema: The message's descriptor.
    """
    return _Walk(_tokens(text)).message(schema).places


def _tokens(text: str) -> Iterator[_Token]:
    line, begin = 1, 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind != "skipped":
            yield _Token(kind, match[0], Place(line, match.start() - begin + 1))
        breaks = match[0].count("\n")
        if breaks:
            line, begin = line + breaks, match.start() + match[0].rindex("\n") + 1


class _Walk:
    """One way through the tokens of a text."""

    def __init__(self, tokens: Iterator[_Token]) -> None:
        self._tokens = tokens
        self._next = next(tokens, None)

    def message(self, schema: Descriptor | None) -> _Fields:
        """Walk through the fields of a message, up to what closes it."""
        fields = _Fields()
        while self._next is not None and self._next.text not in _CLOSERS:
            name = self._take()
            field = schema.fields_by_name.get(name.text) if schema is not None else None
            fields.places.setdefault((name.text,), name.place)
            if self._is_at("["):
                self._list(fields, name.text, field)
            else:
                self._value(fields, name.text, field)
        return fields

    def _list(self, fields: _Fields, name: str, field: FieldDescriptor | None) -> None:
        self._take()
        while self._next is not None and not self._is_at("]"):
            self._value(fields, name, field)
        if self._next is not None:
            self._take()

    def _value(self, fields: _Fields, name: str, field: FieldDescriptor | None) -> None:
        if self._next is None:
            return
        begin = self._take()
        if begin.text not in _OPENERS:
            fields.scalar(name, field, begin.place, self._literal(begin))
            return
        schema = field.message_type if field is not None else None
        inner = self.message(schema)
        if self._next is not None:
            self._take()
        fields.nested(name, field, begin.place, inner)

    def _literal(self, begin: _Token) -> str:
        """Return a scalar as it is written; texts that stand side by side are one."""
        if begin.kind != "text":
            return begin.text
        written = begin.text[1:-1]
        while self._next is not None and self._next.kind == "text":
            written += self._take().text[1:-1]
        return written

    def _is_at(self, mark: str) -> bool:
        return self._next is not None and self._next.text == mark

    def _take(self) -> _Token:
        taken, self._next = self._next, next(self._tokens, None)
        assert taken is not None  # noqa: S101  # whoever takes has looked
        return taken


class _Fields:
    """The places of one message's fields, each relative to the message."""

    def __init__(self) -> None:
        self.places: dict[FieldPath, Place] = {}
        self._met: Counter[str] = Counter()
        self._key = ""

    def scalar(self, name: str, field: FieldDescriptor | None, place: Place, written: str) -> None:
        if name == "key":
            self._key = _unescaped(written)
        if field is not None and field.is_repeated:
            self.places[name, self._count(name)] = place

    def nested(self, name: str, field: FieldDescriptor | None, place: Place, inner: _Fields) -> None:
        path: FieldPath = (name,)
        if field is not None and field.message_type.GetOptions().map_entry:
            path = (name, inner._key)  # of the same class
        elif field is not None and field.is_repeated:
            path = (name, self._count(name))
        self.places.setdefault(path, place)
        self.places.update({(*path, *rest): there for rest, there in inner.places.items()})

    def _count(self, name: str) -> int:
        self._met[name] += 1
        return self._met[name] - 1


def _unescaped(written: str) -> str:
    from google.protobuf.text_encoding import CUnescape  # noqa: PLC0415  # slow, as all of protobuf

    return str(CUnescape(written).decode("utf-8", "replace"))
