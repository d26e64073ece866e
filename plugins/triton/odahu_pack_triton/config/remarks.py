"""Comments that are meant for the linter: ``# odahu-pack: ignore TR305``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .place import Place
from .tokens import tokens_of

_REMARK: Final = re.compile(r"#+[ \t]*odahu-pack[ \t]*:[ \t]*(?P<verb>\w*)[ \t:]*(?P<rest>.*)")
_WORD: Final = re.compile(r"[^\s,;]+")


@dataclass(frozen=True)
class Remark:
    """One word of such a comment.

    Args:
        verb: What is asked for; only ``ignore`` is known.
        code: The rule concerned; empty where none is named.
        place: Where the comment stands.
    """

    verb: str
    code: str
    place: Place


def remarks_of(text: str) -> Iterator[Remark]:
    """Yield what a text's comments ask of the linter, a rule at a time."""
    for token in tokens_of(text):
        remark = _REMARK.match(token.text) if token.kind == "comment" else None
        if remark is None:
            continue
        # Whatever follows the codes is the author's reason.
        codes = [word for word in _WORD.findall(remark["rest"]) if word[:2].upper() == "TR"]
        for code in codes or [""]:
            yield Remark(remark["verb"], code, token.place)
