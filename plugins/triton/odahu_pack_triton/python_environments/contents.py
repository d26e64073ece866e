"""What is in an environment of a Python model, as far as it decides whether Triton can run it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from odahu_pack_triton.repository import ModelFolder

from .listing import VeryLargeError, names_in_archive

_ACTIVATE: Final = "bin/activate"
_CONDA: Final = re.compile(r"conda-meta/python-(3\.[0-9]+)\.[^/]*\.json")
_PYTHON: Final = re.compile(r"(?:bin/python|lib/python)(3\.(?:[2-9]|[1-9][0-9]))(?:/.*)?")
"""Not 3.1, as conda calls a link beside Python 3.10."""


@dataclass(frozen=True)
class Contents:
    """What was found.

    Args:
        has_activate: Whether ``bin/activate`` is there, which Triton sources.
        pythons: The versions X.Y of Python that it is for; empty where nothing tells.
        wrapper: The one folder at the top that holds everything; empty where there are more.
        is_whole: Whether all of it was looked at, which ends as soon as the rest is known.
    """

    has_activate: bool
    pythons: frozenset[str]
    wrapper: str = ""
    is_whole: bool = True


def contents_of_folder(folder: ModelFolder, path: str) -> Contents:
    """Return what is in an environment that is a folder of a model.

    Args:
        folder: The model's folder.
        path: The environment's folder in it.
    """
    below = f"{path}/"
    return _contents(name.removeprefix(below) for name in folder.entries if name.startswith(below))


def contents_of_archive(folder: ModelFolder, path: str) -> Contents:
    """Return what is in an environment that is an archive.

    Args:
        folder: The model's folder.
        path: The archive in it.

    Raises:
        ArchiveError: It is no archive that Triton can unpack.
        OSError: It cannot be read.
    """
    with folder.open(path) as stream:
        return _contents(names_in_archive(stream))


def _contents(names: Iterable[str]) -> Contents:
    by_conda: set[str] = set()
    by_folders: set[str] = set()
    tops: set[str] = set()
    has_activate, is_whole = False, True
    try:
        for name in names:
            has_activate = has_activate or name == _ACTIVATE
            if conda := _CONDA.fullmatch(name):
                by_conda.add(conda[1])
            if python := _PYTHON.fullmatch(name):
                by_folders.add(python[1])
            if len(tops) < 2:  # noqa: PLR2004  # one or more is all that is asked
                tops.add(name.partition("/")[0])
            if has_activate and (by_conda or by_folders):
                is_whole = False
                break
    except VeryLargeError:
        is_whole = False
    wrapper = tops.pop() if len(tops) == 1 and is_whole else ""
    return Contents(has_activate, frozenset(by_conda or by_folders), wrapper, is_whole)
