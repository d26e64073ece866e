"""YAML and JSON text read into plain values, with the line of every field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from odahu_pack_core.errors import SpecError

from .origin import FieldPath, Origin

_MOST_BYTES: Final = 4 * 1024 * 1024
_MOST_VALUES: Final = 100_000
_MOST_DEPTH: Final = 100


@dataclass(frozen=True)
class Document:
    """One document of a file.

    Args:
        value: Its content: dict, list, str, int, float, bool or None.
        origin: Where it is written.
    """

    value: Any
    origin: Origin


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, with times of day left as text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_documents(text: str, file: str, *, scalars_as_text: bool = False) -> tuple[Document, ...]:
    """Read all documents of a YAML or JSON text; empty ones are left out.

    Args:
        text: The text.
        file: Names the text in errors.
        scalars_as_text: Read ``1.10`` as text and not as a number; null stays null.

    Raises:
        SpecError: The text is neither YAML nor JSON, repeats a key, or is unreasonably large.
    """
    if len(text) > _MOST_BYTES:
        raise SpecError(f"{file}: larger than {_MOST_BYTES} bytes, which no manifest is", code="too-large")
    is_json = text.lstrip()[:1] in {"{", "["}
    json_value = _json_or_none(text) if is_json and not scalars_as_text else None
    try:
        # A tab between JSON tokens is an error in YAML; inside a JSON string it cannot occur.
        nodes = _compose(text.replace("\t", " ") if json_value is not None else text)
        readings = [_Reading(scalars_as_text=scalars_as_text).read(node) for node in nodes]
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, file) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error).partition("\n")[0]
        raise SpecError(f"{file}: {reason}", code="syntax") from None
    if json_value is not None:
        readings = [(json_value, lines) for _, lines in readings]
    origins = [Origin(file, number, len(readings), lines) for number, (_, lines) in enumerate(readings, 1)]
    return tuple(
        Document(value, origin)
        for (value, _), origin in zip(readings, origins, strict=True)
        if value is not None
    )


def _json_or_none(text: str) -> Any | None:  # noqa: ANN401  # JSON is anything
    """Return the text as JSON, which reads surrogate pairs that YAML does not know."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _compose(text: str) -> list[yaml.Node]:
    loader = _Loader(text)
    try:
        nodes = []
        while loader.check_node():
            nodes.append(loader.get_node())
        return nodes
    finally:
        loader.dispose()


class _Reading:
    """Reads one composed document, bounding what aliases may expand to."""

    def __init__(self, *, scalars_as_text: bool) -> None:
        self._scalar = _text_of if scalars_as_text else _value_of
        self._lines: dict[FieldPath, int] = {}

    def read(self, node: yaml.Node) -> tuple[Any, dict[FieldPath, int]]:
        """Return the document's value and the line of each of its fields."""
        return self._read(node, (), node.start_mark.line + 1), self._lines

    def _read(self, node: yaml.Node, path: FieldPath, line: int) -> Any:  # noqa: ANN401  # a document holds anything
        if len(self._lines) >= _MOST_VALUES:
            raise yaml.composer.ComposerError(None, None, "too many values", node.start_mark)
        if len(path) > _MOST_DEPTH:
            raise yaml.composer.ComposerError(None, None, "nested too deeply", node.start_mark)
        self._lines[path] = line
        if isinstance(node, yaml.MappingNode):
            return {key: self._read(value, (*path, key), key_line) for key, key_line, value in _members(node)}
        if isinstance(node, yaml.SequenceNode):
            items = enumerate(node.value)
            return [self._read(item, (*path, index), item.start_mark.line + 1) for index, item in items]
        return self._scalar(node)


def _members(node: yaml.MappingNode) -> Iterator[tuple[str, int, yaml.Node]]:
    """Yield key, line and value of a mapping; a merge key (``<<``) is filled in, a repeated key refused."""
    own = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
    for key in dict.fromkeys(own):
        if own.count(key) > 1:
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is repeated", node.start_mark)
    yaml.constructor.SafeConstructor().flatten_mapping(node)
    merged: dict[str, tuple[int, yaml.Node]] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key must be text", key.start_mark)
        merged[key.value] = (key.start_mark.line + 1, value)
    for name, (line, value) in merged.items():
        yield name, line, value


def _value_of(node: yaml.Node) -> Any:  # noqa: ANN401  # a scalar is anything
    construct: Callable[[yaml.Node], Any] = yaml.constructor.SafeConstructor().construct_object
    try:
        return construct(node)
    except (ValueError, OverflowError) as error:
        raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from None


def _text_of(node: yaml.ScalarNode) -> str | None:
    return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)


def _syntax_error(error: yaml.MarkedYAMLError, file: str) -> SpecError:
    mark = error.problem_mark or error.context_mark
    place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return SpecError(f"{file}{place}: {error.problem or error.context}", code="syntax")
