"""Whether the ``buildah`` command is there."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Final

PROGRAM: Final = "buildah"


def missing_buildah(environ: Mapping[str, str]) -> str:
    """Say that the command is not installed; nothing when it is.

    Args:
        environ: The environment variables of the run.
    """
    found = shutil.which(PROGRAM, path=environ.get("PATH", ""))
    return "" if found else f"{PROGRAM} is not installed"
