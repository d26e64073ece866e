"""YAML and JSON text read into plain values, with the line of every field."""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

import yaml

from odahu_pack_core.errors import SpecError
from odahu_pack_core.values import dataclass

from .origin import FieldPath, Origin

MOST_BYTES: Final = 1024 * 1024
"""The largest manifest that is read."""

_MOST_VALUES: Final = 100_000
_MOST_DEPTH: Final = 100
_TAG: Final = "tag:yaml.org,2002:"
_MERGE: Final = f"{_TAG}merge"
_NULL: Final = f"{_TAG}null"
_SCALARS: Final = {f"{_TAG}{kind}" for kind in ("bool", "float", "int", "null", "str")}
_CONSTRUCTOR: Final = yaml.constructor.SafeConstructor()


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
    """PyYAML's safe loader, with dates and ``=`` left as text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in {*_SCALARS, _MERGE}]
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
    if len(text) > MOST_BYTES:
        raise SpecError(f"{file}: larger than {MOST_BYTES} bytes, which no manifest is", code="too-large")
    as_json = _json_or_none(text) if text.lstrip()[:1] in {"{", "["} else None
    try:
        # JSON may separate its tokens with tabs, which YAML refuses; inside a JSON text a tab is written \t.
        nodes = _compose(text if as_json is None else text.replace("\t", " "))
        readings = [_Reading(scalars_as_text=scalars_as_text).read(node) for node in nodes]
    except (yaml.YAMLError, RecursionError) as error:
        if as_json is None or scalars_as_text:
            raise _syntax_error(error, file) from None
        # Some JSON is no YAML: a key of more than 1024 characters, a character that YAML reserves.
        readings = [(as_json, {})]
    if as_json is not None and not scalars_as_text:
        readings = [(as_json, lines) for _, lines in readings]
    return tuple(
        Document(value, Origin(file, number, len(readings), lines))
        for number, (value, lines) in enumerate(readings, 1)
        if value is not None
    )


def _json_or_none(text: str) -> Any | None:  # noqa: ANN401  # JSON is anything
    """Return the text as JSON, which knows numbers such as ``1e3`` that YAML takes for text."""
    try:
        return json.loads(
            text, parse_constant=_refuse_number, parse_float=_finite, object_pairs_hook=_without_repetition
        )
    except (ValueError, RecursionError):
        return None


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("repeats a key")
    return members


def _refuse_number(_: str) -> NoReturn:
    raise ValueError("is no finite number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse_number(text)


def _compose(text: str) -> list[yaml.Node]:
    loader = _Loader(text)
    try:
        nodes = []
        while loader.check_node() and (node := loader.get_node()):
            nodes.append(node)
        return nodes
    finally:
        loader.dispose()


_Members = dict[str, tuple[int, yaml.Node]]


class _Reading:
    """Reads one composed document, bounding what aliases and merge keys may expand to."""

    def __init__(self, *, scalars_as_text: bool) -> None:
        self._as_text = scalars_as_text
        self._lines: dict[FieldPath, int] = {}
        self._members_of: dict[int, _Members] = {}

    def read(self, node: yaml.Node) -> tuple[Any, dict[FieldPath, int]]:
        """Return the document's value and the line of each of its fields."""
        return self._read(node, (), node.start_mark.line + 1), self._lines

    def _read(self, node: yaml.Node, path: FieldPath, line: int) -> Any:  # noqa: ANN401  # a document holds anything
        if len(self._lines) >= _MOST_VALUES:
            raise _fault(node, "too many values")
        if len(path) > _MOST_DEPTH:
            raise _fault(node, "nested too deeply")
        self._lines[path] = line
        if isinstance(node, yaml.MappingNode):
            members = self._members(node)
            return {key: self._read(value, (*path, key), at) for key, (at, value) in members.items()}
        if isinstance(node, yaml.SequenceNode):
            _check_tag(node, {f"{_TAG}seq"})
            items = enumerate(node.value)
            return [self._read(item, (*path, index), item.start_mark.line + 1) for index, item in items]
        assert isinstance(node, yaml.ScalarNode)  # noqa: S101  # the only other kind of node
        return _text(node) if self._as_text else _value(node)

    def _members(self, node: yaml.MappingNode) -> _Members:
        """Return a mapping's keys with their lines and values; its own keys win over merged ones."""
        if id(node) not in self._members_of:
            _check_tag(node, {f"{_TAG}map"})
            self._members_of[id(node)] = {**self._merged(node), **_own_members(node)}
        return self._members_of[id(node)]

    def _merged(self, node: yaml.MappingNode) -> _Members:
        """Return what merge keys (``<<``) bring; the first of several mappings wins."""
        merged: _Members = {}
        sources = [source for key, value in node.value if key.tag == _MERGE for source in _sources(value)]
        for source in sources:
            if not isinstance(source, yaml.MappingNode):
                raise _fault(source, "only mappings can be merged")
            merged = {**self._members(source), **merged}
        return merged


def _sources(value: yaml.Node) -> list[yaml.Node]:
    return value.value if isinstance(value, yaml.SequenceNode) else [value]


def _own_members(node: yaml.MappingNode) -> _Members:
    own: _Members = {}
    for key, value in node.value:
        if key.tag == _MERGE:
            continue
        if not isinstance(key, yaml.ScalarNode):
            raise _fault(key, "a key must be text")
        name = _unicode(key)
        if name in own:
            raise _fault(key, f"key {name!r} is repeated")
        own[name] = (key.start_mark.line + 1, value)
    return own


def _value(node: yaml.ScalarNode) -> Any:  # noqa: ANN401  # a scalar is anything
    _check_tag(node, _SCALARS)
    if node.tag == f"{_TAG}str":
        return _unicode(node)
    kind = node.tag.removeprefix(_TAG)
    try:
        value = _CONSTRUCTOR.yaml_constructors[node.tag](_CONSTRUCTOR, node)
    except (ValueError, LookupError, OverflowError):
        # What could not be read may be a secret, so it is not shown.
        raise _fault(node, f"not a {kind}; put it in quotes if it is text") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise _fault(node, "not a finite number; put it in quotes if it is text")
    return value


def _text(node: yaml.ScalarNode) -> str | None:
    _check_tag(node, _SCALARS)
    return None if node.tag == _NULL else _unicode(node)


def _unicode(node: yaml.ScalarNode) -> str:
    """Return a scalar's text; JSON writes characters beyond U+FFFF as two escapes, which are joined here."""
    text: str = node.value
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise _fault(node, "not Unicode text") from None


def _check_tag(node: yaml.Node, allowed: set[str]) -> None:
    if node.tag not in allowed:
        raise _fault(node, "a tag that manifests do not use")


def _fault(node: yaml.Node, reason: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(None, None, reason, node.start_mark)


def _syntax_error(error: Exception, file: str) -> SpecError:
    if not isinstance(error, yaml.MarkedYAMLError):
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error).partition("\n")[0]
        return SpecError(f"{file}: {reason}", code="syntax")
    mark = error.problem_mark or error.context_mark
    place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return SpecError(f"{file}{place}: {error.problem or error.context}", code="syntax")
