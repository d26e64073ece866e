"""Which repository an image name means to the engine, and the digests that it knows there."""

from __future__ import annotations

from typing import Final

from odahu_pack_core.errors import SpecError
from odahu_pack_core.plan.reference import DOCKER_HUB, ImageReference

from .client import JsonObject

_HUB_NAMES: Final = frozenset({"", DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})


def registry_of(reference: ImageReference) -> str:
    """Return the registry that a reference means; Docker Hub where none is written."""
    return DOCKER_HUB if reference.registry in _HUB_NAMES else reference.registry


def full_name(reference: ImageReference) -> str:
    """Return registry and repository, spelt in the one way that can be compared."""
    registry = registry_of(reference)
    official = registry == DOCKER_HUB and "/" not in reference.repository
    return f"{registry}/library/{reference.repository}" if official else f"{registry}/{reference.repository}"


def digests_of(image: JsonObject, reference: ImageReference) -> tuple[str, ...]:
    """Return the digests under which an image is known in a reference's repository.

    Args:
        image: What the engine says about the image.
        reference: Names the repository.
    """
    digests = []
    for text in image.get("RepoDigests") or ():
        try:
            known = ImageReference.parse(str(text))
        except SpecError:
            continue  # the engine lists images without a name as <none>@<none>
        if full_name(known) == full_name(reference):
            digests.append(known.digest)
    return tuple(digests)
