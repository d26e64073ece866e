"""Makes the layer of a part: installs its packages, lays them out, compiles them, packs the tree."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from odahu_pack_core.blob.packed_layer import PackedLayer
from odahu_pack_core.blob.packing import pack
from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import EventSink, Progress
from odahu_pack_core.plan.files import in_layer_order
from odahu_pack_core.plan.layer_tar import PlannedTar

from .byte_code import compile_packages
from .cache import disk_full
from .install import install
from .layer_files import added_files, tree_files
from .parts import Making, Wanted
from .tree import as_environment, as_site_folder
from .uv import Uv


def make_layer(wanted: Wanted, making: Making, uv: Uv, draft: Path, emit: EventSink) -> PackedLayer:
    """Make the layer of a part, apart from all other parts.

    Args:
        wanted: The part.
        making: What it is made for, and with.
        uv: Installs, in a folder of its own.
        draft: Where the blob will be.
        emit: Receives progress.

    Raises:
        DependencyError: A package cannot be had any more, or the disk is full.
    """
    tree = installed_tree(wanted, making, uv, emit)
    added = added_files(wanted.layer, wanted.base, wanted.resolved) if wanted.is_rest else ()
    files = in_layer_order((*tree_files(tree, wanted.layer.prefix), *added))
    return pack_files(PlannedTar(files, partial(_open_in, tree)), wanted.part.name, draft, emit)


def pack_files(source: PlannedTar, name: str, draft: Path, emit: EventSink) -> PackedLayer:
    """Pack the files of a part.

    Args:
        source: The files.
        name: The part's name.
        draft: Where the blob will be.
        emit: Receives progress.

    Raises:
        DependencyError: The disk is full.
    """
    try:
        return pack(source, draft, keep=True, progress=_packing(name, source.size, emit))
    except EngineError as error:
        if error.code == "disk-full":
            raise disk_full(draft.parent) from None
        raise


def installed_tree(wanted: Wanted, making: Making, uv: Uv, emit: EventSink) -> Path:
    """Install the wheels of a part, and return a folder with what is to be below the environment's prefix.

    Args:
        wanted: The part.
        making: What it is made for, and with.
        uv: Installs, in a folder of its own.
        emit: Receives progress.

    Raises:
        DependencyError: A package cannot be had any more.
    """
    layer, target = wanted.layer, making.target
    installed = install(
        wanted.part,
        layer.dependencies,
        target=target,
        artifact_root=wanted.artifact_root,
        uv=uv,
        emit=emit,
    )
    if layer.layout == "site":
        tree, packages = as_site_folder(installed), ""
    else:
        tree = as_environment(installed, target.python, f"{layer.prefix}/bin/python3")
        packages = f"/lib/python{target.python}/site-packages"
    if making.compiler:
        folder, place = Path(f"{tree}{packages}"), f"{layer.prefix}{packages}"
        compile_packages(folder, place, making.compiler, uv.runner, _compiling(wanted.part.name, emit))
    return tree


def _open_in(tree: Path, source: str) -> BinaryIO:
    return (tree / source).open("rb")


def _packing(subject: str, total: int, emit: EventSink) -> Callable[[int], None]:
    return lambda done: emit(Progress("layers", subject, done, total))


def _compiling(subject: str, emit: EventSink) -> Callable[[int, int], None]:
    return lambda done, total: emit(Progress("layers", subject, done, total, "modules"))
