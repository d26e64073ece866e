"""JSON that anybody may have written, and how what is wrong with a base image is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from odahu_pack_core.errors import RegistryError

_MOST_ENTRIES: Final = 1000

JsonObject = Mapping[str, Any]


def read_object(content: bytes, what: str) -> JsonObject:
    """Return a JSON object.

    Args:
        content: The text.
        what: Says in errors what it is.

    Raises:
        RegistryError: It is none.
    """
    found = read_json(content, what)
    if not isinstance(found, dict):
        raise bad(what, "is no JSON object")
    return found


def read_json(content: bytes, what: str) -> object:
    """Return what JSON says.

    Raises:
        RegistryError: It is none, or nested beyond reason.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise bad(what, "has a document that is no JSON") from None


def read_list(found: object, what: str) -> list[JsonObject]:
    """Return a list of objects.

    Raises:
        RegistryError: It is none, or absurdly long.
    """
    if (
        not isinstance(found, list)
        or len(found) > _MOST_ENTRIES
        or not all(isinstance(e, dict) for e in found)
    ):
        raise bad(what, "has a document without the list that it should have")
    return found


def shown(text: str) -> str:
    """Return somebody else's text as a message can show it."""
    return text if text.isprintable() and len(text) <= 100 else repr(text[:100])  # noqa: PLR2004  # a glance


def bad(what: str, reason: str, hint: str = "") -> RegistryError:
    """Return the error for a base image that cannot be built upon."""
    return RegistryError(f"{what} {reason}", code="base-unusable", hint=hint)
