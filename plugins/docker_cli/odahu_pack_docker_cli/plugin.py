"""What this distribution offers to odahu-pack."""

from __future__ import annotations

from collections.abc import Iterable

from odahu_pack_core import DOCKER_TARGETS, Packager, PackagerRecord, hookimpl

from .arguments import CliArguments


@hookimpl
def odahu_pack_packagers() -> Iterable[PackagerRecord]:
    """Offer docker-cli."""
    yield PackagerRecord(
        name="docker-cli",
        summary="Runs a GPPI model on files.",
        arguments=CliArguments,
        create=_packager,
        targets=DOCKER_TARGETS,
    )


def _packager() -> Packager:
    from .packager import CliPackager  # noqa: PLC0415  # other packagers' runs need none of it

    return CliPackager()
