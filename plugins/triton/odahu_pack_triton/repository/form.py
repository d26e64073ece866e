"""Which form an artifact has: one model's files, one model's folder, or a whole repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from odahu_pack_core import ArtifactEntry, ArtifactError
from odahu_pack_triton.config import CONFIG
from odahu_pack_triton.formats import FORMATS

from .folder import is_version

_MODEL_FILES: Final = frozenset(format_.file for format_ in FORMATS)
_NO_MODELS: Final = frozenset({"__MACOSX", "__pycache__", "lost+found"})
_LIKE_VERSION: Final = re.compile(r"(?i)(v|version)?[-_.]?[0-9][0-9._-]{0,20}")
_MOST_SHOWN: Final = 5


class Form(Enum):
    """How an artifact lays out its models."""

    FLAT = "the files of one model"
    """The model file at the root, and what belongs to it beside it."""
    FOLDER = "the folder of one model"
    """``config.pbtxt`` and numbered versions at the root."""
    REPOSITORY = "a model repository"
    """Folders of models at the root."""


@dataclass
class _Top:
    """What lies at an artifact's root under one name, as far down as a model's version shows.

    Args:
        below: Names of what lies in it.
        models: Its numbered folders that hold a model file.
        is_folder: Whether it is a folder, empty or not.
    """

    below: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)
    is_folder: bool = False

    @property
    def is_model(self) -> bool:
        """Whether Triton would take it for a model."""
        return CONFIG in self.below or bool(self.models)

    @property
    def resembles_model(self) -> bool:
        """Whether it was meant as a model."""
        return self.is_model or bool(_MODEL_FILES & self.below)


def form_of(entries: Iterable[ArtifactEntry]) -> Form:
    """Return the form of an artifact.

    Args:
        entries: The members of the artifact.

    Raises:
        ArtifactError: It mixes two forms.
    """
    tops = _tops(entries)
    folders = [name for name, top in tops.items() if top.is_model and not _is_own(name)]
    versions = [name for name, top in tops.items() if is_version(name) and top.below & _MODEL_FILES]
    files = [name for name in tops if name in _MODEL_FILES]
    if folders:
        _refuse(files or versions or [name for name in tops if name == CONFIG], "folders of models", folders)
        return Form.REPOSITORY
    if files:
        _refuse(files, "numbered versions", versions)
        return Form.FLAT
    # An ensemble's versions are empty, and Git keeps no empty folders.
    is_folder = set(tops) == {CONFIG} or any(_is_version_folder(name, top) for name, top in tops.items())
    if versions or (CONFIG in tops and is_folder):
        return Form.FOLDER
    resembling = any(top.resembles_model for name, top in tops.items() if not _is_own(name))
    return Form.REPOSITORY if resembling and CONFIG not in tops else Form.FLAT


def model_folders(entries: Iterable[ArtifactEntry]) -> tuple[str, ...]:
    """Return the names of a repository's folders that are models, or were meant as such."""
    tops = _tops(entries)
    return tuple(sorted(name for name, top in tops.items() if top.resembles_model and not _is_own(name)))


def _tops(entries: Iterable[ArtifactEntry]) -> Mapping[str, _Top]:
    tops: dict[str, _Top] = {}
    for entry in entries:
        top, *rest = entry.path.split("/", 3)
        seen = tops.setdefault(top, _Top())
        seen.is_folder = seen.is_folder or bool(rest) or entry.is_folder
        if rest:
            seen.below.add(rest[0])
        if len(rest) > 1 and is_version(rest[0]) and rest[1] in _MODEL_FILES:
            seen.models.add(rest[0])
    return tops


def _is_version_folder(name: str, top: _Top) -> bool:
    """Tell whether a folder is a version, or was meant as one and is called ``v1``: the linter says so."""
    misnamed = _LIKE_VERSION.fullmatch(name) is not None and bool(top.below & _MODEL_FILES)
    return top.is_folder and (is_version(name) or misnamed)


def _is_own(name: str) -> bool:
    """Tell whether a folder at the root is a part of a model that lies at the root, or of no model at all."""
    return name in _MODEL_FILES or name in _NO_MODELS or is_version(name) or name.startswith(".")


def _refuse(one: Iterable[str], what: str, other: Iterable[str]) -> None:
    """Refuse an artifact that holds a model at its root beside others."""
    one, other = list(one), list(other)
    if not (one and other):
        return
    shown = ", ".join(f"{name}/" for name in sorted(other)[:_MOST_SHOWN])
    more = ", …" if len(other) > _MOST_SHOWN else ""
    raise ArtifactError(
        f"the artifact has {', '.join(sorted(one))} at its root beside {what} ({shown}{more})",
        code="mixed-artifact",
        hint="put the model at the root into a folder of its own, such as wine/1/, or leave it out",
    )
