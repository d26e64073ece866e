"""What a wheel inside an artifact says of itself, read before anybody acts on it."""

from __future__ import annotations

import re
import zipfile
import zlib
from email import message_from_bytes
from pathlib import Path
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement

from odahu_pack_core.errors import DependencyError

_METADATA: Final = re.compile(r"[^/]+\.dist-info/METADATA")
_MOST_BYTES: Final = 4 * 1024 * 1024


def refuse_urls(wheel: Path) -> None:
    """Refuse a wheel that requires URLs, which would be fetched as the user, with git if need be.

    Args:
        wheel: The wheel.

    Raises:
        DependencyError: It does, or it cannot be read.
    """
    for line in message_from_bytes(_metadata(wheel)).get_all("Requires-Dist", []):
        try:
            url = Requirement(str(line)).url
        except InvalidRequirement as error:
            raise DependencyError(
                f"{wheel.name} requires {str(line)!r}, which is no requirement: {error}", code="bad-wheel"
            ) from None
        if url is not None:
            name = Requirement(str(line)).name
            raise DependencyError(
                f"{wheel.name} requires {name} from a URL",
                code="wheel-url",
                hint=f"put a wheel of {name} beside it, and let it require {name} by name and version",
            )


def _metadata(wheel: Path) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            name = next(name for name in archive.namelist() if _METADATA.fullmatch(name))
            with archive.open(name) as stream:
                return stream.read(_MOST_BYTES)
    except (OSError, StopIteration, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
        raise DependencyError(f"{wheel.name} of the artifact is no wheel", code="bad-wheel") from None
