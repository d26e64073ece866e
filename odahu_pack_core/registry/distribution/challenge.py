"""What a registry asks for when it answers 401: RFC 9110, section 11.6.1, and RFC 6750, section 3."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Final

from odahu_pack_core.values import dataclass

_MOST_CHARACTERS: Final = 16 * 1024
_WORD: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_PARAMETER: Final = re.compile(rf'({_WORD})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))')
_SCHEME: Final = re.compile(
    rf"({_WORD})(?![^ \t,])(?![ \t]*=)(?:[ \t]+[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$)))?"
)
_BETWEEN: Final = re.compile(r"[ \t,]*")
_ESCAPED: Final = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Challenge:
    """One way to authenticate.

    Args:
        scheme: Such as ``bearer`` or ``basic``, lowercase.
        parameters: Such as realm, service and scope; names lowercase.
    """

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """Read the WWW-Authenticate headers of an answer.

    Args:
        headers: Their values, each with any number of challenges.

    Returns:
        The challenges in their order; what is malformed ends the header that it stands in.
    """
    return tuple(challenge for header in headers for challenge in _challenges(header[:_MOST_CHARACTERS]))


def _challenges(header: str) -> list[Challenge]:
    found: list[tuple[str, dict[str, str]]] = []
    position = _skip(header, 0)
    while position < len(header):
        parameter = _PARAMETER.match(header, position)
        match = parameter or _SCHEME.match(header, position)
        if match is None or (parameter and not found):
            break
        if parameter:
            name, quoted, plain = parameter.groups()
            value = plain if quoted is None else _ESCAPED.sub(r"\1", quoted)
            found[-1][1].setdefault(name.lower(), value)
        else:
            found.append((match[1].lower(), {}))
        position = _skip(header, match.end())
    return [Challenge(scheme, parameters) for scheme, parameters in found]


def _skip(header: str, position: int) -> int:
    match = _BETWEEN.match(header, position)
    return match.end() if match else position
