"""An environment as a folder that runs where it is, on this machine, without an image around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from odahu_pack_core.events import EventSink
from odahu_pack_core.plan.environment import LockedPackage, Mode

from .digests import digest_of
from .layer_files import added_files
from .making import installed_tree
from .parts import Making, Wanted
from .uv import Uv
from .writing import write_files

_FORMAT: Final = 1
"""Counts the changes to what a folder holds for the same packages."""

_QUIET_PTH: Final = "odahu-pack-local.pth"
_QUIET: Final = "import sys; sys.dont_write_bytecode = True\n"
"""In a container nothing can be written beside a model; here nothing is, so that it is packaged as it was."""

Maker = Callable[[Wanted, Making, Uv, EventSink], Path]
"""Makes what is to be below the environment's prefix, in the folder of uv, and returns it."""


def folder_key(making: Making, packages: Sequence[LockedPackage], parent: Path) -> str:
    """Return the digest of everything that decides the content of a folder.

    Args:
        making: What it is made for, and with.
        packages: All packages.
        parent: Where the cache is: scripts hold the path of their interpreter.
    """
    layer = making.key_of(making.layer.name, packages, packages)
    return digest_of(_FORMAT, layer, making.target.full_python, str(parent))


def make_folder(wanted: Wanted, making: Making, uv: Uv, emit: EventSink) -> Path:
    """Make the folder of an environment, elsewhere than it will be.

    Args:
        wanted: All of the environment as one part, its prefix the folder in which it will be.
        making: What it is made for, and with.
        uv: Installs, in a folder of its own, in which the result is.
        emit: Receives progress.

    Raises:
        DependencyError: A package cannot be had any more, or the disk is full.
    """
    tree = _maker(wanted.resolved.mode)(wanted, replace(making, layer=wanted.layer), uv, emit)
    if wanted.layer.layout == "venv":
        packages = tree / "lib" / f"python{making.target.python}" / "site-packages"
        (packages / _QUIET_PTH).write_text(_QUIET, encoding="utf-8")
    return tree


def _maker(mode: Mode) -> Maker:
    if mode != "conda":
        return _tree_of_wheels
    from .conda.making import make_conda_tree  # noqa: PLC0415  # few environments need it

    return make_conda_tree


def _tree_of_wheels(wanted: Wanted, making: Making, uv: Uv, emit: EventSink) -> Path:
    tree = installed_tree(wanted, making, uv, emit)
    added = added_files(wanted.layer, wanted.base, wanted.resolved)
    write_files(added, partial(_below, tree, wanted.layer.prefix), lambda source: (tree / source).open("rb"))
    return tree


def _below(tree: Path, prefix: str, path: str) -> Path:
    return tree / Path(path).relative_to(prefix)
