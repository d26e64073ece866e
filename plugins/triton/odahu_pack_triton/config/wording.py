"""Faults of names and values in words: what is wrong, what comes near, what to write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from odahu_pack_core import did_you_mean

from .tokens import Token

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

_LONGEST_NAME: Final = 60
_MOST_DETOURS: Final = 6
_MOST_HOMES: Final = 3
_INTEGER: Final = re.compile(r"-?(0[xX][0-9a-fA-F]+|[0-9]+)")
_NEAR: Final = "did you mean"
_BOOLEANS: Final = frozenset({"true", "True", "t", "1", "false", "False", "f", "0"})
_SAID_OTHERWISE: Final[Mapping[str, str]] = {
    "shape": "dims",
    "dim": "dims",
    "type": "data_type",
    "dtype": "data_type",
    "datatype": "data_type",
    "labels": "label_filename",
    "gpu": "gpus",
    "batch_size": "max_batch_size",
}
"""What other tools call a field; used where the message at hand has it."""

_TYPES: Final[Mapping[str, str]] = {
    **{f"{sign}int{bits}": f"{sign.upper()}INT{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{
        f"{sign}{bits}": f"{name}{bits}"
        for sign, name in (("i", "INT"), ("u", "UINT"))
        for bits in (8, 16, 32, 64)
    },
    **{f"{name}{bits}": f"FP{bits}" for name in ("float", "fp", "f") for bits in (16, 32, 64)},
    "half": "FP16",
    "float": "FP32",
    "single": "FP32",
    "double": "FP64",
    "bfloat16": "BF16",
    "bf16": "BF16",
    "int": "INT32",
    "long": "INT64",
    "short": "INT16",
    "byte": "UINT8",
    "bool": "BOOL",
    "boolean": "BOOL",
    "str": "STRING",
    "string": "STRING",
    "bytes": "STRING",
    "object": "STRING",
}
"""Data types as NumPy, ONNX, TensorFlow, PyTorch and Triton's own requests spell them."""


def of_name(name: Token, schema: Descriptor) -> str:
    """Say that a message has no field of this name."""
    known = list(schema.fields_by_name)
    if name.kind == "text":
        return f"names of fields stand without quotes, and {_cut(name.text)} is a text"
    if name.text in {"[", "{", "<"}:
        return f"a field's name is due here, not {name.text}"
    if name.text[0].isdigit() or name.text[0] in "-+.":
        return f"{_cut(name.text)} is no field's name; several values stand in brackets, as in dims: [ 3, 4 ]"
    unknown = f"unknown field {_cut(name.text)!r} of {schema.name}"
    meant = _SAID_OTHERWISE.get(name.text.casefold(), "")
    if meant in known:
        return f"{unknown}; did you mean {meant!r}?"
    near = did_you_mean(name.text, known)
    home = "" if near.startswith(_NEAR) else _home(name.text, schema)
    return f"{unknown}; {home or near}"


def _inside(message: Descriptor, value: Token) -> str:
    """Return what is to stand in a message: the value, where it can be meant for one field only."""
    only = message.fields[0] if len(message.fields) == 1 else None
    if only is not None and only.type == only.TYPE_STRING and value.kind == "text":
        return f"{only.name}: {_cut(value.text)}"
    return "…"


def of_list(field: FieldDescriptor) -> str:
    """Say that a field takes one value, or that a message is due, where a list begins."""
    if field.message_type is not None:
        inner = next((one.name for one in field.message_type.fields if one.is_repeated), "")
        shown = f"{field.name} {{ {inner}: [ … ] }}" if inner else f"{field.name} {{ … }}"
        return f"{field.name} is one message; write {shown}"
    return f"{field.name} takes one value, and no list"


def of_message(field: FieldDescriptor) -> str:
    """Say that a field is no message."""
    shown = f"{field.name}: [ … ]" if field.is_repeated else f"{field.name}: …"
    return f"{field.name} is no message; write {shown}"


def of_value(field: FieldDescriptor, value: Token) -> str:
    """Say what is wrong with a scalar; nothing where protobuf may take it."""
    if field.message_type is not None:
        return f"{field.name} is a message; write {field.name} {{ {_inside(field.message_type, value)} }}"
    if field.enum_type is not None:
        return _of_enum(field.name, field.enum_type, value)
    if field.type == field.TYPE_BOOL:
        return "" if value.text in _BOOLEANS else f"{field.name} is true or false, not {_cut(value.text)}"
    if field.type == field.TYPE_STRING:
        return (
            ""
            if value.kind == "text"
            else f'{field.name} is a text; write {field.name}: "{_cut(value.text)}"'
        )
    if field.type in {field.TYPE_FLOAT, field.TYPE_DOUBLE}:
        return "" if value.kind != "text" else f"{field.name} is a number, which stands without quotes"
    return _of_integer(field, value)


def _of_integer(field: FieldDescriptor, value: Token) -> str:
    if _INTEGER.fullmatch(value.text):
        return "" if _fits(field, value.text) else f"{_cut(value.text)} is out of the range of {field.name}"
    if value.kind == "text":
        return f"{field.name} is a number, which stands without quotes"
    return f"{field.name} is a whole number, not {_cut(value.text)}"


def _fits(field: FieldDescriptor, written: str) -> bool:
    signed = field.type in {field.TYPE_INT32, field.TYPE_INT64}
    bits: int = 32 if field.type in {field.TYPE_INT32, field.TYPE_UINT32} else 64
    if len(written) > bits:  # longer than any number that fits, but for leading zeros
        return False
    digits = written.removeprefix("-")
    base = 16 if digits[:2] in {"0x", "0X"} else 8 if len(digits) > 1 and digits[0] == "0" else 10
    try:
        number = int(written, base)
    except ValueError:
        return True  # protobuf will tell
    past = 1 << (bits - 1 if signed else bits)
    return (-past if signed else 0) <= number < past


def _of_enum(name: str, enum: EnumDescriptor, value: Token) -> str:
    known = enum.values_by_name
    if value.text in known:
        return ""
    if _INTEGER.fullmatch(value.text):
        return ""  # protobuf takes numbers, even unknown ones
    bare = value.text[1:-1] if value.kind == "text" else value.text
    if bare in known:
        return f"{name}: write {bare} without quotes"
    prefix = next(iter(known)).partition("_")[0] + "_"
    word = bare.casefold().removeprefix(prefix.casefold())
    meant = prefix + _TYPES.get(word, word.upper())
    near = f"did you mean {meant!r}?" if meant in known else did_you_mean(bare, known)
    return f"unknown value {_cut(bare)!r} of {enum.name}; {near}"


def _home(name: str, schema: Descriptor) -> str:
    """Say in which message a field belongs that stands in another one."""
    root = schema.file.message_types_by_name["ModelConfig"]
    if name in root.fields_by_name:
        return "it belongs outside of all braces"
    homes = [path for path, message in _messages(root, (), 0) if name in message.fields_by_name]
    nearest = min(map(len, homes), default=0)
    shown = [f"{' { '.join(path)} {{ … }}" for path in homes if len(path) == nearest]
    return f"it belongs into {' or '.join(shown[:_MOST_HOMES])}" if shown else ""


def _messages(
    message: Descriptor, path: tuple[str, ...], depth: int
) -> Iterator[tuple[tuple[str, ...], Descriptor]]:
    """Yield a message and those below it, with the names of the fields that lead there."""
    yield path, message
    if depth == _MOST_DETOURS:
        return
    for field in message.fields:
        if field.message_type is not None and not field.message_type.GetOptions().map_entry:
            yield from _messages(field.message_type, (*path, field.name), depth + 1)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else text[:_LONGEST_NAME] + "…"
