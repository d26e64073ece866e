"""Which base image the demo builds upon."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

from workbench.demo.stage import DemoError, Stage
from workbench.rootless import debian_base

__all__ = ["MINOR", "base_image"]

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
_HUB = "https://registry-1.docker.io/v2/"
_HUB_SECONDS = 8


def base_image(stage: Stage) -> str:
    """Return the official Python image if it can be had, else one made of Debian packages.

    Raises:
        DemoError: Debian's Python is another one than this.
        WorkbenchError: apt failed.
    """
    if _hub_answers():
        return f"python:{MINOR}-slim"
    base = debian_base(stage.folder / "base", stage.environ)
    if base.python != MINOR:
        raise DemoError(
            f"python:{MINOR}-slim cannot be pulled here, and Debian's own Python is {base.python}:"
            " start the demo with it: /usr/bin/python3 demo"
        )
    return f"oci:{base.layout}"


def _hub_answers() -> bool:
    try:
        with urllib.request.urlopen(_HUB, timeout=_HUB_SECONDS):
            return True
    except urllib.error.HTTPError:  # it asks who we are, as it does everybody
        return True
    except OSError:
        return False
