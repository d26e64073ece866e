"""Findings as the commands print them: for people, for programs, and for GitHub's checks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from odahu_pack_core import visible
from odahu_pack_triton.lint import RULES, Finding, Severity
from odahu_pack_triton.lint.address import page_of
from odahu_pack_triton.releases import Release

_WIDEST: Final = 100
_BEFORE: Final = 60
_INDENT: Final = "    "


@dataclass(frozen=True)
class Told:
    """A finding that is to be told.

    Args:
        finding: The finding.
        file: The file as the user can find it.
        line: The line of text that it is about; empty where there is none.
        ignored: Whether it is to be ignored.
    """

    finding: Finding
    file: str
    line: str = ""
    ignored: bool = False


def as_text(told: Told, *, with_line: bool) -> str:
    """Return a finding for people.

    Args:
        told: The finding.
        with_line: Whether the line of text is shown, with a mark below it.
    """
    finding = told.finding
    file = told.file.replace("\n", "\\n")
    where = f"{file}:{finding.place.line}:{finding.place.column}" if finding.place else file
    lines = [f"{where}: {finding.severity.value} {finding.code}: {finding.message}"]
    if with_line and finding.place and told.line.strip():
        lines += _excerpt(told.line, finding.place.column)
    if finding.hint:
        lines += (f"{_INDENT}{line}" for line in finding.hint.splitlines())
    return visible("\n".join(lines))


def as_json(told: Sequence[Told], release: Release, models: Sequence[str]) -> str:
    """Return all findings for programs.

    Args:
        told: The findings.
        release: The release that they were judged by.
        models: Names of all models that were judged.
    """
    document = {
        "release": release.version,
        "server": release.server,
        "models": list(models),
        "findings": [_document(one) for one in told],
    }
    return json.dumps(document, indent=2)


def as_github(told: Told) -> str:
    """Return a finding as GitHub's runners turn it into an annotation.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    finding = told.finding
    properties = {"file": told.file}
    if finding.place:
        properties |= {"line": str(finding.place.line), "col": str(finding.place.column)}
    properties["title"] = finding.code
    shown = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    text = f"{finding.message}\n{finding.hint}" if finding.hint else finding.message
    return f"::{finding.severity.value} {shown}::{_escaped(visible(text))}"


def summary(told: Sequence[Told], models: int, release: Release, origin: str) -> str:
    """Return what was judged, by what, and how it ended, in one line."""
    counted = [one for one in told if not one.ignored]
    errors = sum(one.finding.severity is Severity.ERROR for one in counted)
    parts = [_count(errors, "error"), _count(len(counted) - errors, "warning")]
    if len(counted) < len(told):
        parts.append(f"{len(told) - len(counted)} ignored")
    judged = f"{_count(models, 'model')}, Triton {release.version} (server {release.server}{origin})"
    return f"{judged}: {', '.join(parts)}"


def _document(told: Told) -> dict[str, Any]:
    finding = told.finding
    rule = RULES.get(finding.code)
    return {
        "code": finding.code,
        "name": rule.name if rule else finding.code,
        "severity": finding.severity.value,
        "model": finding.model,
        "message": finding.message,
        "hint": finding.hint,
        "file": told.file,
        "line": finding.place.line if finding.place else None,
        "column": finding.place.column if finding.place else None,
        "ignored": told.ignored,
        "page": page_of(finding.code) if rule else None,
    }


def _excerpt(line: str, column: int) -> Iterator[str]:
    """Yield the part of a line around a column, and a mark below it."""
    begin = max(0, column - _BEFORE) if len(line) > _WIDEST else 0
    # Anything that is not as wide as one letter would move the mark.
    shown = "".join(c if c.isprintable() else " " for c in line[begin : begin + _WIDEST])
    yield f"{_INDENT}{shown.rstrip()}"
    yield f"{_INDENT}{' ' * (column - 1 - begin)}^"


def _property(value: str) -> str:
    return _escaped(visible(value)).replace(":", "%3A").replace(",", "%2C")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
