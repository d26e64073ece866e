"""Symbolic links of an artifact, seen as what they lead to."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from odahu_pack_core import ArtifactEntry, ModelArtifact

_MOST_FOLDERS: Final = 16
"""No honest model links to more folders; each is looked for in the whole artifact."""

Entries = Mapping[str, ArtifactEntry]


def target_of(entry: ArtifactEntry, artifact: ModelArtifact) -> str:
    """Return what a link of an artifact leads to in the end, as a path in the artifact."""
    return os.path.relpath(os.path.realpath(artifact.root / entry.path), os.path.realpath(artifact.root))


def seen_through(entries: Entries, artifact: ModelArtifact) -> Entries:
    """Return entries with those of the folders that links among them lead to, at the links' paths.

    Args:
        entries: Members by their paths in a model's folder.
        artifact: The artifact.
    """
    links = {path: entry for path, entry in entries.items() if entry.link}
    folders = [
        (path, target)
        for path, target in ((path, target_of(entry, artifact)) for path, entry in links.items())
        if (artifact.root / target).is_dir()
    ]
    linked = {
        f"{path}/{below}": entry
        for path, target in folders[:_MOST_FOLDERS]
        for below, entry in _below(target, artifact)
    }
    return {**entries, **{path: entry for path, entry in linked.items() if path not in entries}}


def without_linked(entries: Entries) -> Entries:
    """Return entries without those that are seen through a link only."""
    links = tuple(f"{path}/" for path, entry in entries.items() if entry.link)
    if not links:
        return entries
    return {path: entry for path, entry in entries.items() if not path.startswith(links)}


def brought_along(entries: Entries, artifact: ModelArtifact, kept: Collection[str]) -> Entries:
    """Return entries in which what a link leads to stands in the link's place, where it would be left behind.

    Args:
        entries: Members by their paths in a model's folder.
        artifact: The artifact.
        kept: What of the artifact's root becomes part of the repository.
    """
    targets = {path: target_of(entry, artifact) for path, entry in entries.items() if entry.link}
    lost = {path: target for path, target in targets.items() if target.partition("/")[0] not in kept}
    if not lost:
        return entries
    members = {entry.path: entry for entry in artifact.entries}
    brought: dict[str, ArtifactEntry] = {}
    for path, target in lost.items():
        brought[path] = members.get(target, entries[path])
        brought |= {f"{path}/{below}": entry for below, entry in _below(target, artifact)}
    return {**entries, **brought}


def _below(folder: str, artifact: ModelArtifact) -> Iterator[tuple[str, ArtifactEntry]]:
    prefix = f"{folder}/"
    for entry in artifact.entries:
        if entry.path.startswith(prefix):
            yield entry.path.removeprefix(prefix), entry
