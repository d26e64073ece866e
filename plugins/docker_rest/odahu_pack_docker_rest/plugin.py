"""What this distribution offers to odahu-pack."""

from __future__ import annotations

from collections.abc import Iterable

from odahu_pack_core import DOCKER_TARGETS, PackagerRecord, hookimpl

from .arguments import RestArguments
from .packager import RestPackager


@hookimpl
def odahu_pack_packagers() -> Iterable[PackagerRecord]:
    """Offer docker-rest."""
    yield PackagerRecord(
        name="docker-rest",
        summary="Serves a GPPI model over HTTP.",
        arguments=RestArguments,
        create=RestPackager,
        targets=DOCKER_TARGETS,
    )
