"""Conda match specs, read as far as they can be said in the words of PyPI.

Grammar: https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-search.html
"""

from __future__ import annotations

import re
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from odahu_pack_core.values import dataclass

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_AFTER_NAME: Final = re.compile(r"\Z|[\s=<>!~]")
_BRACKETS: Final = re.compile(r"\A([^\[\]]*)\[([^\[\]]*)\]\Z")
_PAIR: Final = re.compile(r"\s*([a-z_]+)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^'\",\s]+))\s*(?:,|\Z)")
_AROUND: Final = re.compile(r"\s*([,|])\s*|([<>=!~])\s+(?=[\w*])")
_WITH_BUILD: Final = re.compile(r"(={0,2}[^=<>!~,|]+)=([^=,|]+)")
_CLAUSE: Final = re.compile(r"(==|>=|<=|!=|~=|=|>|<|)\s*([0-9A-Za-z_.!+*-]+)")


@dataclass(frozen=True)
class MatchSpec:
    """What a line of a conda file asks for.

    Args:
        name: The package's name in lower case.
        version: What its version must be, as a PEP 440 specifier; empty for any; None where PEP 440 cannot
            say it.
        build: The build string, or empty.
        channel: The channel it must come from, or empty.
    """

    name: str
    version: str | None
    build: str = ""
    channel: str = ""


def parse_match_spec(text: str) -> MatchSpec | None:
    """Read a match spec; None when it is not one.

    Args:
        text: A line such as ``conda-forge::numpy=1.19.2=py37h54aff64_0``.
    """
    text = text.partition("#")[0].strip()
    text, keys = _without_brackets(text)
    channel, _, rest = text.rpartition("::")
    name = _NAME.match(rest)
    if keys is None or name is None or not _AFTER_NAME.match(rest[name.end() :]):
        return None
    written, build = _version_and_build(rest[name.end() :].strip())
    if "version" in keys:
        written = keys.pop("version")
    build = keys.pop("build", build)
    channel = keys.pop("channel", channel).partition("/")[0] if "://" not in channel else channel
    version = _specifier(written, exact=bool(build)) if written is not None and not keys else None
    return MatchSpec(name[0].lower(), version, build, channel)


def _without_brackets(text: str) -> tuple[str, dict[str, str] | None]:
    """Split ``name[key=value,…]``; None in place of the keys when they make no sense."""
    match = _BRACKETS.match(text)
    if match is None:
        return text, None if set("[]") & set(text) else {}
    keys: dict[str, str] = {}
    position, inside = 0, match[2]
    while position < len(inside):
        pair = _PAIR.match(inside, position)
        if pair is None:
            return text, None
        keys[pair[1]] = pair[2] or pair[3] or pair[4] or ""
        position = pair.end()
    return match[1].strip(), keys


def _version_and_build(text: str) -> tuple[str | None, str]:
    """Split what follows the name; None in place of a version that makes no sense."""
    words = _AROUND.sub(lambda match: match[1] or match[2], text).split()
    if not words:
        return "", ""
    if len(words) > 2:  # noqa: PLR2004  # a version and a build
        return None, ""
    if len(words) == 2:  # noqa: PLR2004  # as above
        return words[0], words[1]
    if match := _WITH_BUILD.fullmatch(words[0]):
        return match[1], match[2]
    # A bare word cannot follow the name without white space or an operator.
    return words[0], ""


def _specifier(written: str, *, exact: bool) -> str | None:
    """Return a conda version as a PEP 440 specifier; None when there is no such.

    Args:
        written: The version, such as ``=1.19``, ``1.19.*``, ``>=1.0,<2``.
        exact: Whether a build string stands beside it, which makes ``=1.19.2`` exact.
    """
    if written in {"", "*", "=*"}:
        return ""
    clauses = [_clause(part, exact=exact) for part in written.split(",")]
    joined = ",".join(clause for clause in clauses if clause)
    if None in clauses:
        return None
    try:
        SpecifierSet(joined)
    except InvalidSpecifier:
        return None
    return joined


def _clause(text: str, *, exact: bool) -> str | None:
    match = _CLAUSE.fullmatch(text.strip())
    if match is None:
        return None
    operator, version = match[1], match[2]
    if version == "*":
        return ""
    is_prefix = version.endswith("*")
    version = version.rstrip("*").rstrip(".")
    if not version or "*" in version:
        return None
    if operator == "=" and not exact:
        is_prefix = True
    if operator in {"", "=", "=="}:
        return f"=={version}.*" if is_prefix else f"=={version}"
    if operator == "!=" and is_prefix:
        return f"!={version}.*"
    return f"{operator}{version}"
