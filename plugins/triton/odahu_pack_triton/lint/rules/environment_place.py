"""Where the environment of a Python model lies, and what is in it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Final

from odahu_pack_triton.lint.rule import Subject
from odahu_pack_triton.python_environments import (
    ArchiveError,
    Contents,
    contents_of_archive,
    contents_of_folder,
)

from .facts import backend_of

MODEL_FOLDER: Final = "$$TRITON_MODEL_DIRECTORY"
"""What stands for the model's own folder at the begin of a path."""


@dataclass(frozen=True)
class EnvironmentPlace:
    """Where an environment lies that is given by the model's folder.

    Args:
        path: Below the model's folder.
        is_outside: Whether the path leads out of it.
    """

    path: str
    is_outside: bool


def names_environment(subject: Subject) -> bool:
    """Tell whether a Python model is configured with an environment."""
    return backend_of(subject) == "python" and bool(subject.config.environment)


def is_read(subject: Subject) -> bool:
    """Tell whether the release reads what is configured so."""
    return names_environment(subject) and subject.release.environment != "python-runtime"


def place_of(subject: Subject) -> EnvironmentPlace | None:
    """Return where the environment lies; None where it is not given by the model's folder."""
    value = subject.config.environment
    if not is_read(subject) or not value.startswith(MODEL_FOLDER):
        return None
    path = posixpath.normpath(value.removeprefix(MODEL_FOLDER).lstrip("/") or ".")
    return EnvironmentPlace(path, path in {".", ".."} or path.startswith("../"))


def contents_of(subject: Subject) -> Contents | None:
    """Return what is in the environment; None where it is not there.

    Raises:
        ArchiveError: It is a file, and no archive that Triton can unpack.
    """
    place = place_of(subject)
    if place is None or place.is_outside or not subject.folder.has(place.path):
        return None
    if subject.folder.is_folder(place.path):
        return contents_of_folder(subject.folder, place.path)
    try:
        return contents_of_archive(subject.folder, place.path)
    except OSError:
        return None


def readable_contents(subject: Subject) -> Contents | None:
    """Return what is in the environment; None where it is not there or cannot be read."""
    try:
        return contents_of(subject)
    except ArchiveError:  # told by a rule of its own
        return None
