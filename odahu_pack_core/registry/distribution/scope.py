"""Scopes of tokens: https://distribution.github.io/distribution/spec/auth/scope/."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple


class Scope(NamedTuple):
    """One thing that may be done with a repository.

    Args:
        repository: Its name at the registry.
        action: ``pull`` or ``push``.
    """

    repository: str
    action: str


Scopes = frozenset[Scope]


def pulling(*repositories: str) -> Scopes:
    """Return what reading repositories needs."""
    return frozenset(Scope(repository, "pull") for repository in repositories)


def pushing(repository: str) -> Scopes:
    """Return what writing to a repository needs."""
    return pulling(repository) | {Scope(repository, "push")}


def scope_texts(scopes: Scopes) -> list[str]:
    """Return scopes as token servers read them, one text for each repository, in order."""
    grouped = groupby(sorted(scopes), key=lambda scope: scope.repository)
    return [
        f"repository:{repository}:{','.join(scope.action for scope in group)}"
        for repository, group in grouped
    ]
