"""Docker Hub goes by several names; here each is brought to one."""

from __future__ import annotations

from typing import Final

from odahu_pack_core.plan.reference import DOCKER_HUB

_HUB_NAMES: Final = frozenset(
    {DOCKER_HUB, f"index.{DOCKER_HUB}", f"registry-1.{DOCKER_HUB}", "hub.docker.com"}
)


def canonical_host(host: str) -> str:
    """Return ``docker.io`` for each of Docker Hub's names, any other host as it is."""
    return DOCKER_HUB if host.lower() in _HUB_NAMES else host
