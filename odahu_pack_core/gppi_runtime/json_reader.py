"""Reading JSON requests: strictly, or forgiving trailing commas and saying where they stood."""

import json
import re
import sys
from collections import Counter
from typing import Any, Callable, Dict, List, Match, NamedTuple, NoReturn, Optional, Tuple

from .errors import DocumentError, JsonSyntaxError, quoted

# The limit that later Pythons have themselves.
_MAX_INTEGER_DIGITS = 4300

_LONG_INTEGER = re.compile(r"(?<!\d)\d{%d}" % (_MAX_INTEGER_DIGITS + 1))
_STRING = r'"(?:[^"\\]|\\.)*(?:"|\Z)'
_CONSTANT = re.compile(_STRING + r"|(-?Infinity|NaN)", re.DOTALL)
# A comma right behind an opening bracket, a colon or another comma ends no value: it stays an error.
_COMMA = re.compile(_STRING + r"|[\[{:,]\s*,|(,)(?=\s*[\]}])", re.DOTALL)
_TRAILING_COMMA = re.compile(r",\s*[\]}]")


class Position(NamedTuple):
    """A place in a text, both numbers counted from 1."""

    line: int
    column: int


def read_json(raw: bytes, *, constants: bool = False, distinct_names: bool = True) -> Any:
    """Parse a request as strict JSON.

    Args:
        raw: UTF-8 text, with or without a byte-order mark.
        constants: take ``NaN`` and ``Infinity``, too, which clients of some protocols write.
        distinct_names: refuse a name that occurs twice in one object, which takes time to find.

    Returns:
        The document as lists, dictionaries and scalars.

    Raises:
        JsonSyntaxError: not UTF-8, not JSON by RFC 8259 (``NaN`` is not JSON), a trailing comma.
        DocumentError: a name that occurs twice in one object, nested too deeply, an endless integer.
    """
    return _parse(
        _decode(raw), None if constants else _ConstantError.refuse, _unique if distinct_names else None
    )


def read_json_tolerantly(raw: bytes) -> Tuple[Any, List[Position]]:
    """Parse a document as JSON that may hold trailing commas.

    Args:
        raw: UTF-8 text, with or without a byte-order mark.

    Returns:
        The document, and the places of the commas that were overlooked, in their order.

    Raises:
        JsonSyntaxError: as `read_json`, but for trailing commas.
        DocumentError: as `read_json`.
    """
    text = _decode(raw)
    try:
        return _parse(text, _ConstantError.refuse), []
    except JsonSyntaxError:
        mended, offsets = _blank_trailing_commas(text)
        if not offsets:
            raise
    return _parse(mended, _ConstantError.refuse), _positions(text, offsets)


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8", "replace")
        place = _position(before, len(before))
        raise JsonSyntaxError(f"the text is not UTF-8 ({error.reason})", *place) from None


def _unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        repeated = next(name for name, count in counts.items() if count > 1)
        raise DocumentError(f"the name {quoted(repeated)} occurs twice in one object", "invalid_json")
    return members


def _parse(
    text: str,
    parse_constant: Optional[Callable[[str], Any]],
    pairs_hook: Optional[Callable[[List[Tuple[str, Any]]], Any]] = _unique,
) -> Any:
    # Python 3.6 converts endless integers in quadratic time. A call for each number is costly, too, so only
    # a text that holds such an integer pays for it.
    unbounded = not hasattr(sys, "get_int_max_str_digits") and _LONG_INTEGER.search(text)
    try:
        return json.loads(
            text,
            object_pairs_hook=pairs_hook,
            parse_constant=parse_constant,
            parse_int=_bounded_int if unbounded else None,
        )
    except json.JSONDecodeError as error:
        raise _syntax_error(text, error) from None
    except _ConstantError as found:
        raise _constant_error(text, str(found)) from None
    except RecursionError:
        raise DocumentError("the document is nested too deeply", "invalid_json") from None
    except ValueError:
        raise DocumentError("an integer has too many digits", "invalid_json") from None


def _bounded_int(digits: str) -> int:
    if len(digits) > _MAX_INTEGER_DIGITS:
        raise ValueError
    return int(digits)


class _ConstantError(ValueError):
    @classmethod
    def refuse(cls, literal: str) -> NoReturn:
        raise cls(literal)


def _constant_error(text: str, literal: str) -> JsonSyntaxError:
    found = next(match for match in _CONSTANT.finditer(text) if match.group(1))
    return JsonSyntaxError(f"{literal} is not JSON, write null", *_position(text, found.start()))


def _syntax_error(text: str, error: json.JSONDecodeError) -> JsonSyntaxError:
    # Python 3.13 points at the comma, the older ones at what follows it.
    comma = len(text[: error.pos].rstrip()) - 1
    for offset in (error.pos, comma):
        if offset >= 0 and _TRAILING_COMMA.match(text, offset):
            return JsonSyntaxError("trailing comma", *_position(text, offset))
    return JsonSyntaxError(error.msg[:1].lower() + error.msg[1:], error.lineno, error.colno)


def _blank_trailing_commas(text: str) -> Tuple[str, List[int]]:
    offsets: List[int] = []

    def blank(match: Match[str]) -> str:
        if match.group(1) is None:
            return match.group()
        offsets.append(match.start())
        return " "  # as wide as the comma, so that later errors keep their places

    return _COMMA.sub(blank, text), offsets


def _position(text: str, offset: int) -> Position:
    line_start = text.rfind("\n", 0, offset) + 1
    return Position(text.count("\n", 0, offset) + 1, offset - line_start + 1)


def _positions(text: str, offsets: List[int]) -> List[Position]:
    positions = []
    line, counted = 1, 0
    for offset in offsets:
        line += text.count("\n", counted, offset)
        counted = offset
        positions.append(Position(line, offset - text.rfind("\n", 0, offset)))
    return positions
