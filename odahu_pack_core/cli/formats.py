"""Results in the format that the user asked for: JSON, YAML, a table, or what a JSONPath finds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from odahu_pack_core.values import dataclass

Document = Mapping[str, Any]
"""A result as plain values."""


class Expression(Protocol):
    """A compiled JSONPath expression."""

    def find(self, value: object, /) -> Sequence[Any]:
        """Return the matches, each with its ``value``."""
        ...


@dataclass(frozen=True)
class OutputFormat:
    """How results are printed.

    Args:
        kind: ``json``, ``yaml``, ``table`` or ``jsonpath``.
        expression: What ``jsonpath`` looks for.
    """

    kind: str
    expression: Expression | None = None


def compiled(expression: str) -> Expression:
    """Return a JSONPath expression ready for use.

    Raises:
        ValueError: It is none.
    """
    from jsonpath_ng.exceptions import JSONPathError  # noqa: PLC0415  # as above
    from jsonpath_ng.parser import parse  # noqa: PLC0415  # slow to import, rarely needed

    try:
        found: Expression = parse(expression)
    except JSONPathError as error:
        raise ValueError(f"{expression!r} is not a JSONPath expression: {error}") from None
    return found


def format_list(
    documents: Sequence[Document], output_format: OutputFormat, columns: Mapping[str, Sequence[str]]
) -> str:
    """Return documents as text; JSON and JSONPath see them as a list, YAML as documents.

    Args:
        documents: The results.
        output_format: How they are printed.
        columns: The cells below each heading of a table.
    """
    if output_format.kind == "table":
        return format_table(columns)
    if output_format.kind == "yaml":
        return "---\n".join(_yaml(document) for document in documents).rstrip("\n")
    return _json_or_matches(list(documents), output_format)


def format_document(document: Document, output_format: OutputFormat) -> str:
    """Return one document as text; JSONPath sees it alone."""
    if output_format.kind == "yaml":
        return _yaml(document).rstrip("\n")
    return _json_or_matches(document, output_format)


def format_table(columns: Mapping[str, Sequence[str]]) -> str:
    """Return columns side by side, each as wide as its widest cell."""
    filled = [[heading.upper(), *cells] for heading, cells in columns.items()]
    widths = [max(len(cell) for cell in column) for column in filled]
    rows = zip(*filled, strict=True)
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _json_or_matches(value: object, output_format: OutputFormat) -> str:
    if output_format.expression is None:
        return json.dumps(value, indent=2)
    matches = [match.value for match in output_format.expression.find(value)]
    if len(matches) == 1:
        return matches[0] if isinstance(matches[0], str) else json.dumps(matches[0], indent=2)
    return json.dumps(matches, indent=2)


def _yaml(document: Document) -> str:
    import yaml  # noqa: PLC0415  # slow to import, not needed for help

    return yaml.safe_dump(document, sort_keys=False, width=110)
