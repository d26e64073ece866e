"""Makes the layer of a part of a conda environment: fetches its packages, links and packs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from odahu_pack_core.blob.packed_layer import PackedLayer
from odahu_pack_core.environment.layer_files import activate_script, tree_files
from odahu_pack_core.environment.making import installed_tree, make_layer, pack_files
from odahu_pack_core.environment.parts import Making, Wanted
from odahu_pack_core.environment.uv import Uv
from odahu_pack_core.environment.words import some_of
from odahu_pack_core.environment.writing import write_files
from odahu_pack_core.events import EventSink, Notice
from odahu_pack_core.names import CACHE_ENVIRONMENT
from odahu_pack_core.plan.cache_lock import LOCK_FILE, write_cache_lock
from odahu_pack_core.plan.environment import LockedPackage
from odahu_pack_core.plan.files import ArtifactFile, Folder, TextFile, in_layer_order
from odahu_pack_core.plan.layer_tar import PlannedTar

from .byte_code import compiled
from .fetching import fetched
from .linking import LinkedFile, Prefix, linked, open_binary
from .package import UnpackedPackage, read_package
from .words import name_on_pypi


def make_conda_layer(wanted: Wanted, making: Making, uv: Uv, draft: Path, emit: EventSink) -> PackedLayer:
    """Make the layer of a part, apart from all other parts.

    Args:
        wanted: The part.
        making: What it is made for, and with.
        uv: Installs the wheels of the pip section, in a folder of its own.
        draft: Where the blob will be.
        emit: Receives progress and warnings.

    Raises:
        DependencyError: A package cannot be had any more or is malformed, or the disk is full.
    """
    part = wanted.part
    if not wanted.is_rest and not any(package.url for package in part.packages):
        return make_layer(wanted, making, uv, draft, emit)
    settled = _files(wanted, making, uv, emit)
    order = in_layer_order(each.file for each in settled.values())
    return pack_files(PlannedTar(order, partial(_open_in, settled)), part.name, draft, emit)


def make_conda_tree(wanted: Wanted, making: Making, uv: Uv, emit: EventSink) -> Path:
    """Make a whole environment as a tree of files, and return its folder.

    Args:
        wanted: All of it as one part, its prefix the folder of this machine in which it will be.
        making: What it is made for, and with.
        uv: Installs the wheels of the pip section, in a folder of its own, in which the tree is.
        emit: Receives progress and warnings.

    Raises:
        DependencyError: A package cannot be had any more or is malformed.
    """
    settled, tree = _files(wanted, making, uv, emit), uv.folder / "environment"
    order = in_layer_order(each.file for each in settled.values())
    below = [file for file in order if file.path.startswith(f"{wanted.layer.prefix}/")]
    write_files(
        below, lambda path: tree / Path(path).relative_to(wanted.layer.prefix), partial(_open_in, settled)
    )
    return tree


def _files(wanted: Wanted, making: Making, uv: Uv, emit: EventSink) -> dict[str, LinkedFile]:
    """Return all files of a part by path."""
    packages = wanted.part.packages
    wheels = replace(wanted.part, packages=tuple(package for package in packages if not package.url))
    conda = tuple(package for package in packages if package.url)
    files = [
        *_linked(conda, wanted, making, uv, emit),
        *_installed(replace(wanted, part=wheels), making, uv, emit),
        *(_added(wanted, making) if wanted.is_rest else ()),
    ]
    return _settled(files, emit)


def _linked(
    packages: tuple[LockedPackage, ...], wanted: Wanted, making: Making, uv: Uv, emit: EventSink
) -> Iterator[LinkedFile]:
    folder = uv.folder / "conda"
    folder.mkdir()
    folders = fetched(packages, folder, wanted.part.name, emit)
    prefix = Prefix(making.layer.prefix, making.target.python)
    unpacked = [read_package(package.name, at) for package, at in zip(packages, folders, strict=True)]
    _warn_of_scripts(unpacked, emit)
    uncompiled: list[LinkedFile] = []
    for package, read in zip(packages, unpacked, strict=True):
        files = tuple(linked(read, prefix, package.hashes[0]))
        yield from files
        uncompiled += files if read.is_python else ()
    if making.compiler:
        tree = uv.folder / "sources"
        yield from compiled(uncompiled, prefix.site_packages, tree, making.compiler, uv.runner)


def _installed(wanted: Wanted, making: Making, uv: Uv, emit: EventSink) -> Iterator[LinkedFile]:
    """Yield the files of wheels, as they are beside conda packages."""
    if not wanted.part.packages:
        return
    tree = installed_tree(wanted, making, uv, emit)
    for file in tree_files(tree, wanted.layer.prefix):
        if isinstance(file, ArtifactFile):
            opener = partial(open_binary, tree / file.source)
            yield LinkedFile(replace(file, source=file.path), opener)
        else:
            yield LinkedFile(file)


def _added(wanted: Wanted, making: Making) -> Iterator[LinkedFile]:
    """Yield what is neither in a package nor in a wheel."""
    prefix = making.layer.prefix
    yield LinkedFile(Folder(Prefix(prefix, making.target.python).site_packages))
    if making.layer.activate:
        yield LinkedFile(TextFile(f"{prefix}/bin/activate", activate_script(prefix)))
    if prefix == CACHE_ENVIRONMENT:
        lock = write_cache_lock((name_on_pypi(each.name), each.version) for each in wanted.resolved.packages)
        yield LinkedFile(TextFile(f"{prefix}/{LOCK_FILE}", lock))


def _settled(files: Iterable[LinkedFile], emit: EventSink) -> dict[str, LinkedFile]:
    """Return files by path; where several packages have one of a name, the last wins, and that is told."""
    settled: dict[str, LinkedFile] = {}
    twice = []
    for each in files:
        there = settled.get(each.file.path)
        if there and not _same(there, each):
            twice.append(each.file.path)
        settled[each.file.path] = each
    if twice:
        emit(Notice(f"several packages hold different files of one name: {some_of(twice)}", "warning"))
    return settled


def _same(one: LinkedFile, other: LinkedFile) -> bool:
    content = one.content()
    return one.file == other.file if content is None else content == other.content()


def _warn_of_scripts(packages: Iterable[UnpackedPackage], emit: EventSink) -> None:
    """Tell of scripts that conda would run: they are code of the package, and for the image's platform."""
    names = [package.name for package in packages if package.has_link_script]
    if names:
        message = (
            f"these conda packages have scripts that are to run once they are installed: {some_of(names)}; "
            "none is run, so what they make is missing in the image"
        )
        emit(Notice(message, "warning"))


def _open_in(settled: dict[str, LinkedFile], path: str) -> BinaryIO:
    opener = settled[path].open
    assert opener is not None  # noqa: S101  # only files that have one are opened
    return opener()
