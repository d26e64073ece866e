"""What a repository holds already: what need not be sent again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from odahu_pack_core.blob.descriptor import DOCKER_INDEX, OCI_INDEX, is_digest
from odahu_pack_core.plugins.distribution import FetchedManifest, ImageRegistry
from odahu_pack_core.values import dataclass

_INDEXES: Final = frozenset({OCI_INDEX, DOCKER_INDEX})
_MOST_IMAGES: Final = 16
"""Of an index; nothing of ours has more platforms."""


@dataclass(frozen=True)
class Published:
    """What a tag of a repository names, or what was stored there before.

    Args:
        digest: Of the manifest or index that the tag names; empty when it names none.
        blobs: The digest of every blob that it refers to: a registry takes a manifest only with its blobs.
    """

    digest: str = ""
    blobs: frozenset[str] = frozenset()

    @classmethod
    def before(cls, registry: ImageRegistry, repository: str, tag: str, last: str) -> Published:
        """Return what a tag names; where it is new, what of the repository's last image is there.

        Args:
            registry: The registry.
            repository: The repository.
            tag: The tag.
            last: Digest of what was last stored in the repository; empty when nobody knows.

        Raises:
            RegistryError: The registry refused or failed.
        """
        named = cls._under(registry, repository, tag)
        if named.digest or not last:
            return named
        return cls(blobs=cls._under(registry, repository, last).blobs)

    @classmethod
    def _under(cls, registry: ImageRegistry, repository: str, reference: str) -> Published:
        root = registry.manifest(repository, reference)
        if root is None:
            return cls()
        manifests = _images(registry, repository, root) if root.descriptor.media_type in _INDEXES else [root]
        return cls(root.descriptor.digest, frozenset(digest for each in manifests for digest in _blobs(each)))


def _images(registry: ImageRegistry, repository: str, index: FetchedManifest) -> Iterator[FetchedManifest]:
    for entry in _list(_document(index), "manifests")[:_MOST_IMAGES]:
        if (digest := _digest(entry)) and (image := registry.manifest(repository, digest)) is not None:
            yield image


def _blobs(manifest: FetchedManifest) -> Iterator[str]:
    document = _document(manifest)
    for descriptor in (document.get("config"), *_list(document, "layers")):
        if digest := _digest(descriptor):
            yield digest


def _document(manifest: FetchedManifest) -> dict[str, Any]:
    """Return a manifest as an object; an empty one where it is none, since it may be anybody's."""
    try:
        document = json.loads(manifest.content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _list(document: dict[str, Any], key: str) -> list[object]:
    value = document.get(key)
    return value if isinstance(value, list) else []


def _digest(descriptor: object) -> str:
    digest = descriptor.get("digest") if isinstance(descriptor, dict) else None
    return digest if is_digest(digest) else ""
