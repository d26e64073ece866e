"""The table of conda packages and what they are called on PyPI."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

from odahu_pack_core.values import dataclass

_TABLE: Final = "conda_twins.yaml"
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C is several times as fast; it is for our own text only, since deep nesting crashes it."""


@dataclass(frozen=True)
class Twin:
    """A conda package's counterpart on PyPI.

    Args:
        requirement: Its name there, with extras.
        reason: Why it is the right one.
        has_longer_versions: Whether its versions have one more part than conda's.
        counts_otherwise: Whether its versions cannot be compared with conda's.
    """

    requirement: str
    reason: str
    has_longer_versions: bool = False
    counts_otherwise: bool = False


def twin_of(conda_name: str) -> Twin | None:
    """Return the counterpart of a conda package; None when none is known."""
    return _twins().get(_folded(conda_name))


def needless(conda_name: str) -> str:
    """Return why an environment of wheels does not need a conda package; empty when it may well need it."""
    return _needless().get(_folded(conda_name), "")


def _folded(name: str) -> str:
    return name.lower().replace("_", "-")


@cache
def _table() -> dict[str, Any]:
    text = files(__package__).joinpath(_TABLE).read_text(encoding="utf-8")
    table: dict[str, Any] = yaml.load(text, _LOADER)  # noqa: S506  # either loader is safe
    return table


@cache
def _twins() -> dict[str, Twin]:
    table = _table()
    because: dict[str, str] = table["because"]
    renamed = {
        name: Twin(
            requirement,
            "its name on PyPI" + (f"; {because[name]}" if name in because else ""),
            has_longer_versions=name in table["longer-versions"],
        )
        for name, requirement in table["renamed"].items()
    }
    same = {
        name: Twin(name, "the same project is on PyPI", counts_otherwise=name in table["other-versions"])
        for name in table["same"].split()
    }
    return {**same, **renamed}


@cache
def _needless() -> dict[str, str]:
    return {name: reason for reason, names in _table()["not-needed"].items() for name in names.split()}
