"""The tokens of protobuf's text format, each with its place.

https://protobuf.dev/reference/protobuf/textformat-spec/#lexical; what can be part of no token has
a kind of its own, so that it can be told as a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from .place import Place

OPENERS: Final = {"{": "}", "<": ">", "[": "]"}
"""What opens a message or a list, and what closes it."""

CLOSERS: Final = frozenset(OPENERS.values())

# No quantified group can match one text in two ways, so that a text of any kind is read in linear time.
_TOKEN: Final = re.compile(
    r"""(?P<blank>[ \t\r\n\v\f]+)
      | (?P<comment>\#[^\n]*)
      | (?P<text>"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"|'[^'\\\n]*(?:\\[^\n][^'\\\n]*)*')
      | (?P<unclosed>["'][^\n]*)
      | (?P<template>\$\{[^{}\n]*\}|\$[A-Za-z_]\w*|\{\{[^{}\n:"]*\}\}|\{%[^{}\n]*%\})
      | (?P<mark>[{}<>\[\],;:])
      | (?P<word>[A-Za-z0-9_.+-]+)
      | (?P<alien>.)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)


_ESCAPED: Final = re.compile(r"\\[^\n]")


class Token(NamedTuple):
    """A token, a comment, or what is neither.

    Args:
        kind: Name of the group of the grammar above: text, mark, word, comment, …
        text: As it is written.
        line: Counted from 1.
        column: Counted from 1, in characters.
        start: Its offset in the text.
    """

    kind: str
    text: str
    line: int
    column: int
    start: int

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.line, self.column)


def without_question_marks(text: str) -> str:
    """Return a text with escaped question marks as numbers; Python's protobuf does not know the escape."""
    return _ESCAPED.sub(lambda match: r"\077" if match[0] == r"\?" else match[0], text)


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens of a text, with its comments, without what is blank."""
    line, begin = 1, 0
    for match in _TOKEN.finditer(text):
        kind, written = match.lastgroup or "", match[0]
        if kind != "blank":
            yield Token(kind, written, line, match.start() - begin + 1, match.start())
        elif "\n" in written:
            line, begin = line + written.count("\n"), match.start() + written.rindex("\n") + 1
