"""What this distribution offers to odahu-pack."""

from __future__ import annotations

from collections.abc import Iterable

from odahu_pack_core import DOCKER_TARGETS, PackagerRecord, hookimpl

from .arguments import CliArguments
from .packager import CliPackager


@hookimpl
def odahu_pack_packagers() -> Iterable[PackagerRecord]:
    """Offer docker-cli."""
    yield PackagerRecord(
        name="docker-cli",
        summary="Runs a GPPI model on files.",
        arguments=CliArguments,
        create=CliPackager,
        targets=DOCKER_TARGETS,
    )
