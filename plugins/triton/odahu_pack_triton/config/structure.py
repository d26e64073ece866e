"""What is wrong with a text before its fields are looked at: its letters, quotes, brackets and templates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from .place import Place, TextFault
from .tokens import CLOSERS, OPENERS, Token, tokens_of

_DEEPEST: Final = 50
"""Several times as deep as any field of a configuration."""

_LONGEST: Final = 40
_MOST: Final = 10
_INSIDE: Final = re.compile(r"(?<!\$)\$\{[^{}]*\}|\{\{[^{}]*\}\}")
_WHOLE: Final = re.compile(r"\$\{[^{}]*\}|\{\{[^{}]*\}\}|\$[A-Za-z_]\w*", re.ASCII)
_ESCAPE: Final = re.compile(
    r"""\\(?:[abfnrtv?'"\\0-7]|x[0-9a-fA-F]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|(?P<unknown>.))"""
)
_NUMBER: Final = re.compile(r"[0-9.]|inf|nan", re.IGNORECASE)
_END: Final = Token("end", "", 0, 0, 0)
_READ_BY_BACKENDS: Final = frozenset({"string_value", "key"})
_NAMES: Final = {"\ufeff": "byte order mark"}
_HINTS: Final = {
    "=": "a field and its value are joined by a colon",
    "/": "a comment begins with #",
    "*": "a comment begins with #",
    "(": "lists are written in [ ], messages in { }",
    ")": "lists are written in [ ], messages in { }",
    "\ufffd": "the file is not UTF-8 here; is it UTF-16?",
    "\ufeff": "save the file as UTF-8 without it",
    "\0": "is this a text file?",
}


def structure_faults(tokens: Sequence[Token]) -> Iterator[TextFault]:
    """Yield the faults of a text's structure: every template, and the first of each other kind.

    Args:
        tokens: The text's tokens, without comments.
    """
    other_format = _other_format(tokens)
    if other_format:
        yield other_format
        return
    yield from _templates(tokens)
    for kind, worded in (("alien", _alien), ("unclosed", _unclosed)):
        first = next((token for token in tokens if token.kind == kind), None)
        if first is not None:
            yield TextFault(worded(first), first.place)
            return
    escape = next(_false_escapes(tokens), None)
    yield from [escape] if escape else _brackets(tokens)


def doubtful_templates(text: str) -> Iterator[tuple[str, Place]]:
    """Yield parameters that are templates as a whole; what is in the midst of others may be meant as it is.

    Args:
        text: The text of a configuration.
    """
    for token, is_parameter in _texts(tokens_of(text)):
        if is_parameter and (_WHOLE.fullmatch(token.text[1:-1])):
            yield _cut(token.text[1:-1]), token.place


def _other_format(tokens: Sequence[Token]) -> TextFault | None:
    """Return what a text in another format than protobuf's is told."""
    first, second = (*tokens[:2], None, None)[:2]
    if first and first.text in OPENERS:
        is_json = second is None or second.kind == "text" or second.text in {"}", "]", "{"}
        form = "this is JSON" if is_json else f"nothing can stand before this {first.text}"
        return TextFault(f'{form}; write the fields bare, as in name: "model"', first.place)
    for token, following in pairwise([*tokens, _END]):
        if token.text == "-" and not _NUMBER.match(following.text):
            reason = "this is YAML; repeat the field's name for each message, as in input { … } input { … }"
            return TextFault(reason, token.place)
    if first and first.text == "---":
        return TextFault('this is YAML; write fields as in name: "model", messages in { }', first.place)
    return None


def _templates(tokens: Sequence[Token]) -> Iterator[TextFault]:
    for token in tokens:
        if token.kind == "template":
            yield _template(token.text, token)
    for token, is_parameter in _texts(tokens):
        if not is_parameter:
            inner = token.text[1:-1]
            found = _WHOLE.findall(inner) if _WHOLE.fullmatch(inner) else _INSIDE.findall(inner)
            yield from (_template(template, token) for template in found[:_MOST])


def _texts(tokens: Iterable[Token]) -> Iterator[tuple[Token, bool]]:
    """Yield the texts among tokens, each with whether only a backend reads it."""
    before = ""
    for token in tokens:
        if token.kind == "text":
            yield token, before in _READ_BY_BACKENDS
        elif token.kind == "word":
            before = token.text


def _template(written: str, token: Token) -> TextFault:
    return TextFault(f"the template {_cut(written)} is not filled in", token.place, template=True)


def _alien(token: Token) -> str:
    character = token.text
    shown = character if character.isprintable() and character.isascii() else f"U+{ord(character):04X}"
    name = "" if character.isascii() else _NAMES.get(character) or unicodedata.name(character, "").lower()
    hint = _HINTS.get(character, "outside of quotes there are letters, digits and punctuation of ASCII only")
    if name.endswith("quotation mark"):
        hint = "texts stand in straight quotes"
    return f"{shown}{f' ({name})' if name else ''} cannot stand here; {hint}"


def _unclosed(token: Token) -> str:
    return f"the text {_cut(token.text)} has no closing {token.text[0]} on its line"


def _false_escapes(tokens: Sequence[Token]) -> Iterator[TextFault]:
    """Yield what follows a backslash without a meaning; Triton's parser refuses it, Python's does not."""
    for token in tokens:
        if token.kind == "text" and "\\" in token.text:
            for match in _ESCAPE.finditer(token.text):
                if match["unknown"]:
                    reason = f"{match[0]} means nothing in a text; a backslash is written \\\\"
                    yield TextFault(reason, Place(token.line, token.column + match.start()))


def _brackets(tokens: Sequence[Token]) -> Iterator[TextFault]:
    """Yield the first bracket that closes nothing, or is closed by nothing, or opens too much."""
    opened: list[Token] = []
    for token in tokens:
        if token.kind != "mark":
            continue
        if token.text in OPENERS:
            opened.append(token)
            if len(opened) > _DEEPEST:
                yield TextFault(f"nested deeper than any field, {_DEEPEST} times", token.place)
                return
        elif token.text in CLOSERS:
            if not opened:
                yield TextFault(f"this {token.text} closes nothing", token.place)
                return
            last = opened.pop()
            if OPENERS[last.text] != token.text:
                there = f"the {last.text} of line {last.line}, column {last.column}"
                yield TextFault(f"{token.text} where {there} is still open", token.place)
                return
    if opened:
        last = opened[-1]
        yield TextFault(f"this {last.text} is never closed by {OPENERS[last.text]}", last.place)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
