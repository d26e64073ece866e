"""A walk through a text along Triton's schema: where each field stands, and which names and values are none.

Protobuf's own parser keeps no places, and stops at the first fault. This one need not tell right from wrong
everywhere, since protobuf has the last word; what it tells, it tells of all fields at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from . import wording
from .fields import Fields
from .place import Place, TextFault
from .tokens import CLOSERS, OPENERS, Token

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, FieldDescriptor

_MOST_FAULTS: Final = 30
_NO_COMMA: Final = "a comma is due between the elements of a list"
_LAST_COMMA: Final = "there is no element after this comma"


class Written(NamedTuple):
    """A name of the schema that a text uses.

    Args:
        owner: The message or enum that has it, such as ``ModelInput``.
        name: The field or the value.
        place: Where it stands.
    """

    owner: str
    name: str
    place: Place


@dataclass
class Walked:
    """What a walk saw.

    Args:
        fields: The place of every field and of every element of the repeated ones. A map's entries are found
            by their keys; where one is written twice, the last place counts, as the last value does.
        names: Every field, and every value of an enum.
        repeats: The fields that have one value, or one for a key, and are given another.
        faults: What protobuf will not take; of very many the first ones.
    """

    fields: Fields = field(default_factory=Fields)
    names: list[Written] = field(default_factory=list)
    repeats: list[Written] = field(default_factory=list)
    faults: list[TextFault] = field(default_factory=list)


def walk(tokens: Sequence[Token], schema: Descriptor) -> Walked:
    """Walk through a text.

    Args:
        tokens: Its tokens without comments; brackets match, and are not nested endlessly.
        schema: The message that it is.
    """
    walked = Walked()
    walked.fields = _Walk(tokens, walked).message(schema)
    return walked


class _Walk:
    """One way through the tokens of a text."""

    def __init__(self, tokens: Sequence[Token], walked: Walked) -> None:
        self._tokens: Iterator[Token] = iter(tokens)
        self._walked = walked
        self._next: Token | None = next(self._tokens, None)

    def message(self, schema: Descriptor | None) -> Fields:
        """Walk through the fields of a message, up to what closes it."""
        fields = Fields()
        while self._next is not None and self._next.text not in CLOSERS:
            name = self._take()
            if name.kind != "mark" or name.text in OPENERS:
                self._field(fields, name, self._known(schema, name))
        return fields

    def _known(self, schema: Descriptor | None, name: Token) -> FieldDescriptor | None:
        if schema is None:
            return None
        if name.kind == "word" and (found := schema.fields_by_name.get(name.text)) is not None:
            self._walked.names.append(Written(schema.name, name.text, name.place))
            return found
        self._fault(name, lambda: wording.of_name(name, schema))
        return None

    def _field(self, fields: Fields, name: Token, field: FieldDescriptor | None) -> None:
        if field is not None and not fields.begin(name.text, name.place) and not field.is_repeated:
            self._repeat(field, name, field.name)
        while self._is_at(":"):
            self._take()
        if self._is_at("["):
            self._list(fields, field)
        else:
            self._value(fields, field)

    def _list(self, fields: Fields, field: FieldDescriptor | None) -> None:
        before = self._take()
        if field is not None and not field.is_repeated:
            self._fault(before, lambda: wording.of_list(field))
            field = None
        while self._next is not None and self._next.text not in CLOSERS:
            begin = self._next
            if begin.text in {",", ":", ";"}:
                before = self._take()
                continue
            if before.text not in {",", "["}:
                self._fault(begin, lambda: _NO_COMMA)
            self._value(fields, field)
            before = begin
        if before.text == ",":
            self._fault(before, lambda: _LAST_COMMA)
        self._close()

    def _value(self, fields: Fields, field: FieldDescriptor | None) -> None:
        if self._next is None or (self._next.kind == "mark" and self._next.text not in OPENERS):
            return
        begin = self._take()
        if begin.text in OPENERS:
            self._nested(fields, field, begin)
            return
        if begin.text == "-" and self._is_a("word"):
            begin = begin._replace(text="-" + self._take().text)
        written = self._literal(begin)
        if field is not None:
            self._scalar(field, begin)
            fields.scalar(field, begin.place, written)

    def _nested(self, fields: Fields, field: FieldDescriptor | None, begin: Token) -> None:
        schema = field.message_type if field is not None else None
        inner = self.message(schema)
        self._close()
        if field is not None and schema is None:
            self._fault(begin, lambda: wording.of_message(field))
        elif field is not None and fields.nested(field, begin.place, inner):
            self._repeat(field, begin, f"{field.name} {inner.key!r}")

    def _scalar(self, field: FieldDescriptor, value: Token) -> None:
        if wording.of_value(field, value):
            self._fault(value, lambda: wording.of_value(field, value))
        elif field.enum_type is not None:
            self._walked.names.append(Written(field.enum_type.name, value.text, value.place))

    def _literal(self, begin: Token) -> str:
        """Return a scalar as it is written; texts that stand side by side are one."""
        if begin.kind != "text":
            return begin.text
        written = [begin.text[1:-1]]
        while self._is_a("text"):
            written.append(self._take().text[1:-1])
        return "".join(written)

    def _repeat(self, field: FieldDescriptor, token: Token, shown: str) -> None:
        self._walked.repeats.append(Written(field.containing_type.name, shown, token.place))

    def _fault(self, token: Token, worded: Callable[[], str]) -> None:
        """Note a fault; words are looked for as long as somebody will read them."""
        if len(self._walked.faults) < _MOST_FAULTS:
            self._walked.faults.append(TextFault(worded(), token.place))

    def _is_at(self, mark: str) -> bool:
        return self._next is not None and self._next.text == mark

    def _is_a(self, kind: str) -> bool:
        return self._next is not None and self._next.kind == kind

    def _close(self) -> None:
        if self._next is not None:
            self._take()

    def _take(self) -> Token:
        taken, self._next = self._next, next(self._tokens, None)
        assert taken is not None  # noqa: S101  # whoever takes has looked
        return taken
