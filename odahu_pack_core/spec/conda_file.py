"""A conda.yaml as it is written: its lines with their places, nothing translated yet.

Format: https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from odahu_pack_core.errors import SpecError, did_you_mean
from odahu_pack_core.values import dataclass

from .document import Document, parse_documents
from .origin import FieldPath, Problem, describe

_KEYS: Final = ("name", "channels", "dependencies", "prefix", "variables")
_PIP: Final = "pip"


@dataclass(frozen=True)
class WrittenLine:
    """One line of a section.

    Args:
        text: The line without white space around it.
        place: File and line, for errors.
    """

    text: str
    place: str


@dataclass(frozen=True)
class WrittenCondaFile:
    """A conda.yaml.

    Args:
        file: Its name, for errors.
        channels: Channels, the first being the preferred one.
        packages: Conda match specs.
        pip: Lines of the pip section.
        variables: Names of the environment variables that it sets.
    """

    file: str
    channels: tuple[WrittenLine, ...] = ()
    packages: tuple[WrittenLine, ...] = ()
    pip: tuple[WrittenLine, ...] = ()
    variables: tuple[str, ...] = ()


def parse_conda_file(text: str, file: str) -> WrittenCondaFile:
    """Read a conda.yaml.

    Args:
        text: Its text.
        file: Names it in errors.

    Raises:
        SpecError: Names each fault with its line.
    """
    documents = parse_documents(text, file, scalars_as_text=True)
    if len(documents) != 1:
        message = "holds several YAML documents, not one" if documents else "is empty"
        raise SpecError(f"{file} {message}; a conda file is a mapping with 'dependencies'", code="invalid")
    return _Reading(documents[0]).conda_file()


class _Reading:
    """Reads one document, gathering every fault before it complains."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._problems: list[Problem] = []

    def conda_file(self) -> WrittenCondaFile:
        """Return the document as a conda file."""
        value = self._document.value
        if not isinstance(value, dict):
            self._fault((), "must be a mapping with 'dependencies'")
            value = {}
        for key in value:
            if key not in _KEYS:
                self._fault((key,), f"unknown key; {did_you_mean(key, _KEYS)}")
        channels = self._texts(value.get("channels"), ("channels",))
        packages, pip = self._dependencies(value.get("dependencies"))
        variables = self._variables(value.get("variables"))
        origin = self._document.origin
        if self._problems:
            raise SpecError(describe(self._problems, origin), code="invalid")
        return WrittenCondaFile(origin.file, channels, packages, pip, variables)

    def _dependencies(self, value: object) -> tuple[tuple[WrittenLine, ...], tuple[WrittenLine, ...]]:
        packages: list[WrittenLine] = []
        pip: tuple[WrittenLine, ...] | None = None
        for number, item in enumerate(self._list(value, ("dependencies",))):
            path: FieldPath = ("dependencies", number)
            if isinstance(item, dict) and set(item) == {_PIP}:
                if pip is not None:
                    self._fault(path, "a second 'pip' section; join it with the first")
                pip = self._texts(item[_PIP], (*path, _PIP))
            elif isinstance(item, dict):
                self._fault(path, "the only section known here is 'pip'")
            else:
                packages += self._line(item, path)
        return tuple(packages), pip or ()

    def _texts(self, value: object, path: FieldPath) -> tuple[WrittenLine, ...]:
        lines: list[WrittenLine] = []
        for number, item in enumerate(self._list(value, path)):
            lines += self._line(item, (*path, number))
        return tuple(lines)

    def _list(self, value: object, path: FieldPath) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            self._fault(path, "must be a list")
            return []
        return value

    def _line(self, item: object, path: FieldPath) -> list[WrittenLine]:
        if not isinstance(item, str):
            self._fault(path, "must be text")
        elif not item.strip():
            self._fault(path, "must not be empty")
        elif not item.strip().isprintable():
            self._fault(path, "holds a line break or another control character")
        else:
            return [WrittenLine(item.strip(), self._document.origin.place(path))]
        return []

    def _variables(self, value: object) -> tuple[str, ...]:
        if value is None:
            return ()
        if not isinstance(value, Mapping):
            self._fault(("variables",), "must be a mapping of names to values")
            return ()
        return tuple(value)

    def _fault(self, path: FieldPath, message: str) -> None:
        self._problems.append(Problem(path, message))
