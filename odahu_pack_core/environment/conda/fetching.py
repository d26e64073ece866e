"""Downloads conda packages, checks their digests and unpacks them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from odahu_pack_core.errors import DependencyError
from odahu_pack_core.events import EventSink, Progress
from odahu_pack_core.plan.environment import LockedPackage

from .failures import not_fetched
from .loop import awaited
from .solving import settings

if TYPE_CHECKING:
    from rattler.networking import Client

_AT_ONCE: Final = 8
_PATIENCE: Final = 120.0
"""Seconds that any download may take."""
_SLOWEST: Final = 50_000
"""Bytes per second for which a download may take longer."""


def fetched(
    packages: Sequence[LockedPackage], folder: Path, subject: str, emit: EventSink
) -> tuple[Path, ...]:
    """Download and unpack packages.

    Args:
        packages: Which.
        folder: Where their folders are made.
        subject: What they are for, to tell of progress.
        emit: Receives progress.

    Returns:
        The folder of each.

    Raises:
        DependencyError: A package cannot be had, is no package, or is not the one that was chosen.
    """
    return tuple(awaited(lambda tell: _fetch_all(packages, folder, subject, tell), emit))


async def _fetch_all(
    packages: Sequence[LockedPackage], folder: Path, subject: str, tell: EventSink
) -> list[Path]:
    from rattler.networking import Client  # noqa: PLC0415  # heavy, and optional

    client = Client.from_config(settings())
    turns = asyncio.Semaphore(_AT_ONCE)
    done = 0

    async def fetch(number: int, package: LockedPackage) -> Path:
        nonlocal done
        async with turns:
            # A name of the channel is no name for a folder.
            unpacked = await _fetch(package, folder / str(number), client)
        done += 1
        tell(Progress("layers", subject, done, len(packages), "packages"))
        return unpacked

    return await asyncio.gather(*(fetch(*each) for each in enumerate(packages)))


async def _fetch(package: LockedPackage, folder: Path, client: Client) -> Path:
    from rattler.package_streaming import download_and_extract  # noqa: PLC0415  # heavy, and optional

    seconds = _PATIENCE + package.size / _SLOWEST
    try:
        digest, _ = await asyncio.wait_for(download_and_extract(client, package.url, folder), seconds)
    except asyncio.TimeoutError:  # another class than the built-in one in Python 3.10
        raise not_fetched(OSError(f"it did not come within {seconds:.0f} s"), package.name, folder) from None
    except OSError as error:
        raise not_fetched(error, package.name, folder) from None
    if (found := f"sha256:{digest.hex()}") not in package.hashes:
        raise DependencyError(
            f"the conda package {package.name} is not the one that was chosen: its digest is {found}, "
            f"not {package.hashes[0]}",
            code="hash-mismatch",
            hint="run again with --refresh; if it stays, the channel serves other files under the same name",
        )
    return folder
