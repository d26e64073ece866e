"""The text of a configuration, laid out as people write it: lists in one line, small messages too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor

_FIRST: Final = ("name", "platform", "backend")
_EMPTY: Final = {"inference.ModelTensorReshape": ["shape: [ ]"]}
"""What is written in a message that holds nothing, where that has a meaning."""
_INDENT: Final = "  "


def lay_out(message: Any) -> str:  # noqa: ANN401  # protobuf's messages have no types of their own, as below
    """Return the text of a message; parsed again it is the same message.

    Args:
        message: Such as an ``inference.ModelConfig``.
    """
    return "".join(f"{line}\n" for line in _lines(message))


def _lines(message: Any) -> Iterator[str]:  # noqa: ANN401  # as above
    for field, value in sorted(message.ListFields(), key=_order):
        if field.message_type is None:
            yield f"{field.name}: {_scalars(field, value)}"
        elif field.message_type.GetOptions().map_entry:
            for key in sorted(value):
                entry = field.message_type.fields_by_name
                held = _value(entry["value"], value[key])
                yield f"{field.name} {{ key: {_scalar(entry['key'], key)} value{held} }}"
        else:
            for item in value if field.is_repeated else [value]:
                inner = list(_lines(item)) or _EMPTY.get(field.message_type.full_name, [])
                yield from _block(field.name, inner)


def _order(listed: tuple[FieldDescriptor, Any]) -> tuple[int, int]:
    """Put what a configuration is called first, all else in the order of the schema."""
    field = listed[0]
    return (_FIRST.index(field.name) if field.name in _FIRST else len(_FIRST)), field.number


def _value(field: FieldDescriptor, value: Any) -> str:  # noqa: ANN401  # as above
    if field.message_type is None:
        return f": {_scalar(field, value)}"
    return f" {{ {' '.join(_lines(value))} }}"


def _block(name: str, inner: list[str]) -> Iterator[str]:
    if len(inner) <= 1 and not any(line.endswith("{") for line in inner):
        yield f"{name} {{ {inner[0]} }}" if inner else f"{name} {{ }}"
        return
    yield f"{name} {{"
    yield from (f"{_INDENT}{line}" for line in inner)
    yield "}"


def _scalars(field: FieldDescriptor, value: Any) -> str:  # noqa: ANN401  # as above
    if not field.is_repeated:
        return _scalar(field, value)
    return f"[ {', '.join(_scalar(field, item) for item in value)} ]"


def _scalar(field: FieldDescriptor, value: Any) -> str:  # noqa: ANN401  # as above
    from google.protobuf.text_encoding import CEscape  # noqa: PLC0415  # slow to import

    if field.enum_type is not None:
        named = field.enum_type.values_by_number.get(value)
        return named.name if named else str(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | bytes):
        return f'"{CEscape(value, isinstance(value, str))}"'
    return repr(value)
