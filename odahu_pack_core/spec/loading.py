"""Manifest files and folders read into entities."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import field
from pathlib import Path
from typing import Any, Final, TypeVar

from odahu_pack_core.errors import SpecError, did_you_mean
from odahu_pack_core.values import dataclass

from .connection import Connection
from .document import MOST_BYTES, Document, parse_documents
from .entity import Entity
from .integration import PackagingIntegration
from .origin import Problem, describe
from .packaging import ModelPackaging
from .validation import validate_document

EntityT = TypeVar("EntityT", bound=Entity)

_KINDS: Final[dict[str, type[Entity]]] = {
    "ModelPackaging": ModelPackaging,
    "PackagingIntegration": PackagingIntegration,
    "Connection": Connection,
}
_OTHER_ODAHU_KINDS: Final = {
    "ModelTraining",
    "ToolchainIntegration",
    "ModelDeployment",
    "ModelRoute",
    "InferenceService",
    "InferenceJob",
}
_SUFFIXES: Final = {".yaml", ".yml", ".json"}


@dataclass(frozen=True)
class Entities:
    """All entities of the files given, each kind and id once.

    Args:
        found: The entities in the order of the files.
        skipped: Documents of other ODAHU kinds, as ``place: kind``.
    """

    found: tuple[Entity, ...]
    skipped: tuple[str, ...] = field(default=())

    def of_kind(self, kind: type[EntityT]) -> tuple[EntityT, ...]:
        """Return the entities of one kind."""
        return tuple(entity for entity in self.found if isinstance(entity, kind))


def load_entities(path: str | Path) -> tuple[Entity, ...]:
    """Read the entities of a YAML or JSON file, or of the files in a folder (not in its subfolders).

    Args:
        path: A file with one or more documents, or a folder of ``*.yaml``, ``*.yml`` and ``*.json``.

    Returns:
        ModelPackaging, PackagingIntegration and Connection objects, in order.

    Raises:
        SpecError: Names every fault of every file with file, document, line and field path.
    """
    return load_all([Path(path)]).found


def load_all(paths: Iterable[Path]) -> Entities:
    """Read the entities of several files and folders; two with one kind and id are an error.

    Raises:
        SpecError: As for `load_entities`.
    """
    found: list[Entity] = []
    skipped: list[str] = []
    faults: list[str] = []
    for file in _files(paths):
        for document in _documents(file, faults):
            kind, problem = _kind_of(document)
            if kind in _OTHER_ODAHU_KINDS:
                skipped.append(f"{document.origin.place()}: {kind}")
            elif problem:
                faults.append(describe([problem], document.origin))
            else:
                found += _validated(document, _KINDS[kind], faults)
    faults += _repeated(found)
    if faults:
        raise SpecError("\n".join(faults), code="invalid")
    return Entities(tuple(found), tuple(skipped))


def read_text(file: Path) -> str:
    """Return a manifest's text.

    Raises:
        SpecError: The file cannot be read as UTF-8 text, or is larger than any manifest.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise SpecError(f"{file}: larger than {MOST_BYTES} bytes, which no manifest is", code="too-large")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise SpecError(f"cannot read {file}: {error.strerror}", code="unreadable") from None
    except UnicodeDecodeError as error:
        raise SpecError(f"{file}: not UTF-8 text (byte {error.start})", code="unreadable") from None


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield each file once, in the order given, a folder's files sorted by name."""
    seen: set[Path] = set()
    for path in paths:
        members = [path]
        if os.path.isdir(path):  # noqa: PTH112  # Path.is_dir raises where a parent cannot be entered
            members = _manifests_in(path)
        for member in members:
            if member.resolve() not in seen:
                seen.add(member.resolve())
                yield member


def _manifests_in(folder: Path) -> list[Path]:
    try:
        members = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.is_file())
    except OSError as error:
        raise SpecError(f"cannot read {folder}: {error.strerror}", code="unreadable") from None
    if not members:
        raise SpecError(f"{folder}: holds no *.yaml, *.yml or *.json file", code="unreadable")
    return members


def _documents(file: Path, faults: list[str]) -> Iterator[Document]:
    """Yield a file's entities; the members of a document that is a list count as documents."""
    try:
        documents = parse_documents(read_text(file), str(file))
    except SpecError as error:
        faults.append(error.message)
        return
    for document in documents:
        if isinstance(document.value, list):
            for index, value in enumerate(document.value):
                yield Document(value, document.origin.of_item(index))
        else:
            yield document


def _kind_of(document: Document) -> tuple[str, Problem | None]:
    value: Any = document.value
    if not isinstance(value, dict):
        return "", Problem((), "must be a mapping with kind, id and spec")
    kind = value.get("kind")
    if kind is None:
        spec = value.get("spec")
        if isinstance(spec, dict) and "integrationName" in spec:
            return "ModelPackaging", None
        return "", Problem((), f"kind is required; known: {', '.join(_KINDS)}")
    if not isinstance(kind, str) or kind not in {*_KINDS, *_OTHER_ODAHU_KINDS}:
        return "", Problem(("kind",), f"unknown kind {kind!r}; {did_you_mean(str(kind), _KINDS)}")
    return kind, None


def _validated(document: Document, model: type[Entity], faults: list[str]) -> list[Entity]:
    try:
        entity = validate_document(document, model)
    except SpecError as error:
        faults.append(error.message)
        return []
    return [entity.written_in(document.origin)]


def _repeated(entities: list[Entity]) -> Iterator[str]:
    """Say where two entities share kind and id."""
    first: dict[tuple[str, str], Entity] = {}
    for entity in entities:
        key = (type(entity).__name__, entity.id)
        if key in first:
            here, there = entity.place(("id",)), first[key].place()
            yield f"{here}: id: {key[0]} {key[1]!r} is written a second time; first in {there}"
        first.setdefault(key, entity)
