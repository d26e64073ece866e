"""What this distribution offers to odahu-pack."""

from __future__ import annotations

from collections.abc import Iterable

from odahu_pack_core import DOCKER_TARGETS, Packager, PackagerRecord, hookimpl

from .arguments import RestArguments


@hookimpl
def odahu_pack_packagers() -> Iterable[PackagerRecord]:
    """Offer docker-rest."""
    yield PackagerRecord(
        name="docker-rest",
        summary="Serves a GPPI model over HTTP.",
        arguments=RestArguments,
        create=_packager,
        targets=DOCKER_TARGETS,
    )


def _packager() -> Packager:
    from .packager import RestPackager  # noqa: PLC0415  # other packagers' runs need none of it

    return RestPackager()
