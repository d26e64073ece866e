"""Debian's own Python as a base image, for whoever is neither root nor has an engine."""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.command import run
from workbench.errors import PartMissingError, WorkbenchError
from workbench.rootless.apt import Apt
from workbench.rootless.layer import packages_layer
from workbench.rootless.layout import LayoutWriter
from workbench.state import locked

__all__ = ["DebianBase", "debian_base"]

_PACKAGES = ("base-files", "ca-certificates", "dash", "libstdc++6", "python3")
"""Python, a shell, and what wheels for Linux take for granted."""
_REVISION = "1"
"""Changes with what is made of the packages."""
_PYTHON = re.compile(r"libpython(3\.\d+)-stdlib_.*\.deb")
_ARCHITECTURES = {"armhf": "arm", "i386": "386", "ppc64el": "ppc64le"}
"""Where images name an architecture otherwise than Debian does."""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class DebianBase:
    """A base image in a folder.

    Args:
        layout: The OCI image layout.
        python: X.Y of its Python, ``/usr/bin/python3``.
    """

    layout: Path
    python: str


def debian_base(folder: Path, environ: Mapping[str, str], architecture: str = "") -> DebianBase:
    """Return a base image of this machine's Debian release; it is made once.

    Args:
        folder: Where it is kept.
        environ: The environment variables of apt.
        architecture: What it is for, as Debian names it; empty for this machine's own.

    Raises:
        PartMissingError: This is not a Debian.
        WorkbenchError: apt failed, or its packages hold no Python.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise PartMissingError("not a Debian: there is no apt to make a base image with")
    folder.mkdir(parents=True, exist_ok=True)
    decisive = json.dumps([_REVISION, architecture, *_PACKAGES])
    layout = folder / f"debian-{hashlib.sha256(decisive.encode()).hexdigest()[:12]}"
    with locked(folder / "lock"):
        if not layout.exists():
            _make(layout, environ, architecture)
    return DebianBase(layout, _python_of(layout))


def _make(layout: Path, environ: Mapping[str, str], architecture: str) -> None:
    """Make the layout; it appears whole or not at all."""
    with tempfile.TemporaryDirectory(dir=layout.parent) as scratch:
        archives = Apt(Path(scratch, "apt"), environ, architecture).download(_PACKAGES)
        pythons = [found[1] for archive in archives if (found := _PYTHON.fullmatch(archive.name))]
        if not pythons:
            raise WorkbenchError("Debian's python3 brings no Python: its packages have changed")
        unfinished = Path(scratch, "layout")
        config = _config(architecture or run(["dpkg", "--print-architecture"], environ=environ))
        LayoutWriter(unfinished).write(f"python{pythons[0]}", packages_layer(archives, environ), config)
        unfinished.chmod(0o755)
        unfinished.rename(layout)


def _config(architecture: str) -> dict[str, Any]:
    created = "1970-01-01T00:00:00Z"
    command = f"apt-get install --no-install-recommends {' '.join(_PACKAGES)}"
    return {
        "architecture": _ARCHITECTURES.get(architecture, architecture),
        "os": "linux",
        "created": created,
        "config": {"Env": [f"PATH={_PATH}"], "Cmd": ["python3"]},
        "history": [{"created": created, "created_by": command}],
    }


def _python_of(layout: Path) -> str:
    index = json.loads((layout / "index.json").read_text())
    name: str = index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"]
    return name.removeprefix("python")
