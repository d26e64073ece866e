"""Byte code for conda packages that are for every Python, and so come without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from odahu_pack_core.command import Runner
from odahu_pack_core.environment.byte_code import compile_packages
from odahu_pack_core.environment.compiler import Compiler
from odahu_pack_core.plan.files import ArtifactFile

from .linking import LinkedFile, open_binary

_SOURCE: Final = ".py"


def compiled(
    files: Iterable[LinkedFile], place: str, tree: Path, compiler: Compiler, runner: Runner
) -> Iterator[LinkedFile]:
    """Yield the byte code of sources.

    Args:
        files: Files of the image; those that are no sources below ``place`` are passed over.
        place: The folder of packages in the image.
        tree: An empty folder to work in.
        compiler: Compiles.
        runner: Starts it.

    Raises:
        DependencyError: The byte code cannot be written.
    """
    for linked in files:
        at, content = linked.file.path, None
        if at.startswith(f"{place}/") and at.endswith(_SOURCE):
            content = linked.content()
        if content is not None:
            source = tree / at.removeprefix(f"{place}/")
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_bytes(content)
    if not tree.is_dir():
        return
    compile_packages(tree, place, compiler, runner)
    for path in tree.rglob("*.pyc"):
        at = f"{place}/{path.relative_to(tree).as_posix()}"
        yield LinkedFile(ArtifactFile(at, at, path.stat().st_size), partial(open_binary, path))
