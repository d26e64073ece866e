"""Opening a registry; httpx and what needs it are imported when one is opened."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from odahu_pack_core.plugins.distribution import ImageRegistry, OpenRegistry
from odahu_pack_core.plugins.protocols import RegistryAccess
from odahu_pack_core.registry.docker import user_access
from odahu_pack_core.registry.hub import canonical_host

from .clock import Clock
from .lean_httpx import import_httpx


def registry_opener(environ: Mapping[str, str], clock: Clock | None = None) -> OpenRegistry:
    """Return what opens registries; without an access, as the user who is logged in there.

    Args:
        environ: May name proxies and certificates.
        clock: Time; the machine's when None.
    """
    return partial(_open, environ, clock)


def _open(
    environ: Mapping[str, str], clock: Clock | None, host: str, access: RegistryAccess | None
) -> ImageRegistry:
    import_httpx()
    from .client import DistributionRegistry  # noqa: PLC0415  # imports httpx
    from .endpoint import Endpoint  # noqa: PLC0415  # as above

    access = access or user_access(host, environ)
    # An access of a plugin that knows nothing of plain HTTP speaks TLS.
    plain = bool(getattr(access, "plain_http", False))
    endpoint = Endpoint.find(canonical_host(host), plain_http=plain)
    return DistributionRegistry(endpoint, access, environ, clock or Clock.of_machine())
