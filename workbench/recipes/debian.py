"""Debian bookworm as a base: without Python, for other recipes, and with its own Python 3.11."""

import os
import tempfile
from pathlib import Path

from workbench.command import run
from workbench.errors import PartMissingError
from workbench.recipes.recipe import Kitchen, Recipe

__all__ = ["DEBIAN", "ROOT"]

_SUITE = "bookworm"
# The shared libraries that CPython's own extension modules link to, as in the official slim images.
_PACKAGES = (
    "ca-certificates",
    "libbz2-1.0",
    "libexpat1",
    "libffi8",
    "liblzma5",
    "libncursesw6",
    "libreadline8",
    "libsqlite3-0",
    "libssl3",
    "libuuid1",
    "zlib1g",
)
# What Debian's own slim images leave out, and what only the machine that made the root needs.
_LEFT_OUT = (
    "./dev/*",
    "./proc/*",
    "./sys/*",
    "./usr/share/doc/*",
    "./usr/share/info/*",
    "./usr/share/locale/*",
    "./usr/share/man/*",
    "./var/cache/apt/*",
    "./var/lib/apt/lists/*",
    "./var/log/*",
    "./etc/hostname",
    "./etc/resolv.conf",
)


def _bootstrap(kitchen: Kitchen) -> None:
    archive = kitchen.pantry / f"{ROOT.mark.replace('/', '-').replace(':', '-')}.tar"
    if not archive.exists():
        _make_root(archive, kitchen)
    os.link(archive, kitchen.context / "root.tar")


def _make_root(archive: Path, kitchen: Kitchen) -> None:
    if os.geteuid() != 0:
        raise PartMissingError("only root can make a Debian root folder with debootstrap")
    with tempfile.TemporaryDirectory(dir=kitchen.pantry) as scratch:
        root, unfinished = Path(scratch, "root"), Path(scratch, "root.tar")
        include = f"--include={','.join(_PACKAGES)}"
        run(["debootstrap", "--variant=minbase", include, _SUITE, root], environ=kitchen.environ, timeout=900)
        left_out = [f"--exclude={pattern}" for pattern in _LEFT_OUT]
        run(["tar", "--directory", root, *left_out, "-cf", unfinished, "."], environ=kitchen.environ)
        unfinished.rename(archive)


ROOT = Recipe(
    name="root",
    references=(),
    dockerfile="""\
FROM scratch
ADD root.tar /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["bash"]
""",
    proof=("grep", "-q", f"VERSION_CODENAME={_SUITE}", "/etc/os-release"),
    prepare=_bootstrap,
    inputs=(_SUITE, *_PACKAGES, *_LEFT_OUT),
)
"""A minimal Debian without any Python."""

DEBIAN = Recipe(
    name="debian",
    references=("odahu-pack-workbench/debian-python:3.11",),
    dockerfile="""\
FROM @PARENT@
RUN apt-get update \\
 && apt-get install -y --no-install-recommends python3 \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/share/doc/* /var/log/*
CMD ["python3"]
""",
    proof=(
        "/usr/bin/python3",
        "-c",
        "import ssl, sqlite3, sys; assert sys.version_info[:2] == (3, 11); assert sys.prefix == '/usr'",
    ),
    parent=ROOT,
)
"""Debian with its own Python 3.11 at ``/usr/bin/python3``."""
