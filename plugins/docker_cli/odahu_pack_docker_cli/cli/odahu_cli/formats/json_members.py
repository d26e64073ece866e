"""The members of a JSON object, one after the other."""

import json
from typing import Any, Iterator, List

from gppi_runtime import DocumentError, Position, read_json_tolerantly

from .cursor import Cursor
from .json_elements import value_end
from .reading import misread, moved


def members(cursor: Cursor, commas: List[Position]) -> Iterator[str]:
    """Go through an object that ends its text.

    Whoever iterates takes the value of each name before asking for the next.

    Args:
        cursor: at the opening brace.
        commas: where to note trailing commas.

    Yields:
        A name, with the cursor at its value.

    Raises:
        InputError: the text is not JSON, or holds a name twice.
    """
    cursor.take(1)
    seen = set()
    while cursor.peek() != b"}":
        if cursor.text[:1] != b'"':
            raise cursor.error("expecting property name enclosed in double quotes")
        name = read_value(cursor, commas)
        if name in seen:
            raise cursor.error(f"the name {json.dumps(name)} occurs twice in one object")
        seen.add(name)
        cursor.expect(b":", "expecting ':' delimiter")
        cursor.skip_space()
        yield name
        _take_comma(cursor, commas)
    cursor.take(1)
    if cursor.peek():
        raise cursor.error("extra data")


def _take_comma(cursor: Cursor, commas: List[Position]) -> None:
    if cursor.peek() == b"}":
        return
    place = cursor.place
    cursor.expect(b",", "expecting ',' delimiter")
    if cursor.peek() == b"}":
        commas.append(place)


def read_value(cursor: Cursor, commas: List[Position]) -> Any:
    """Read one value whole and move behind it.

    Args:
        cursor: at its first character.
        commas: where to note trailing commas.

    Raises:
        InputError: it is not JSON, or too large.
    """
    start = cursor.place
    try:
        end = value_end(cursor.text)
        while end is None and not cursor.ended:
            cursor.grow()
            end = value_end(cursor.text)
        value, found = read_json_tolerantly(cursor.take(len(cursor.text) if end is None else end))
    except DocumentError as error:
        raise misread(cursor.name, error, start) from None
    commas += [moved(comma, start) for comma in found]
    return value
