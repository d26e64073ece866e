"""Links conda packages: which files of the image each package becomes, as conda would have placed them."""

from __future__ import annotations

import io
import json
import mmap
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from odahu_pack_core.plan.files import FILE_MODE, PROGRAM_MODE, ArtifactFile, Link, PlannedFile, TextFile
from odahu_pack_core.values import dataclass

from .failures import malformed
from .package import EntryPoint, PackageFile, UnpackedPackage
from .prefix import replace_in_binary, replace_in_text
from .timeless import without_time

_SITE: Final = "site-packages/"
_SCRIPTS: Final = "python-scripts/"
_BYTECODE: Final = ".pyc"
_RUNNABLE: Final = 0o100
_ENTRY_POINT: Final = """\
#!{python}
import sys

from {module} import {first}

if __name__ == "__main__":
    sys.exit({function}())
"""

Opener = Callable[[], BinaryIO]


@dataclass(frozen=True)
class LinkedFile:
    """A file of the image.

    Args:
        file: Path, mode and size.
        open: Opens its content; None where the file holds that itself.
    """

    file: PlannedFile
    open: Opener | None = None

    def content(self) -> bytes | None:
        """Return the bytes of a file; None of what has none, such as a link."""
        if self.open is None:
            return self.file.content if isinstance(self.file, TextFile) else None
        with self.open() as stream:
            return stream.read()


@dataclass(frozen=True)
class Prefix:
    """Where packages are linked to.

    Args:
        path: The environment's folder in the image.
        python: X.Y of its Python.
    """

    path: str
    python: str

    @property
    def site_packages(self) -> str:
        """The folder of Python packages in the image."""
        return f"{self.path}/lib/python{self.python}/site-packages"

    def place(self, package: UnpackedPackage, path: str) -> str:
        """Return the path in the image of a package's file."""
        if package.is_python and path.startswith(_SITE):
            return f"{self.site_packages}/{path.removeprefix(_SITE)}"
        if package.is_python and path.startswith(_SCRIPTS):
            return f"{self.path}/bin/{path.removeprefix(_SCRIPTS)}"
        return f"{self.path}/{path}"


def linked(package: UnpackedPackage, prefix: Prefix, digest: str) -> Iterator[LinkedFile]:
    """Yield the files that a package becomes.

    Args:
        package: The package.
        prefix: Where to.
        digest: The package's, for its record.

    Raises:
        DependencyError: The package has a placeholder that is too short for the prefix.
    """
    changing = {file.path for file in package.files if file.mode}
    paths = []
    for file in package.files:
        if _source_of(file.path) in changing:
            continue  # byte code of a source that gets another prefix
        place = prefix.place(package, file.path)
        paths.append(place)
        yield _linked(package, file, place, prefix.path)
    for entry_point in package.entry_points:
        paths.append(f"{prefix.path}/bin/{entry_point.command}")
        yield LinkedFile(TextFile(paths[-1], _script(entry_point, prefix.path), PROGRAM_MODE))
    yield LinkedFile(_record(package, prefix.path, digest, paths))


def _source_of(path: str) -> str:
    """Return the path of the source of byte code; empty for what is no byte code."""
    if not path.endswith(_BYTECODE):
        return ""
    folder, _, name = path.rpartition("/")
    folder = folder.removesuffix("__pycache__").rstrip("/")
    return f"{folder}/{name.partition('.')[0]}.py".lstrip("/")


def _linked(package: UnpackedPackage, file: PackageFile, place: str, prefix: str) -> LinkedFile:
    source = package.folder / file.path
    there = source.lstat()
    if stat.S_ISLNK(there.st_mode):
        return LinkedFile(Link(place, os.readlink(source)))  # noqa: PTH115  # its target stays as it is written
    mode = PROGRAM_MODE if there.st_mode & _RUNNABLE else FILE_MODE
    placeholder, into = file.placeholder.encode(), prefix.encode()
    if file.mode == "text":
        return LinkedFile(TextFile(place, replace_in_text(source.read_bytes(), placeholder, into), mode))
    opener: Opener = partial(open_binary, source)
    if file.mode == "binary":
        if len(into) > len(placeholder):
            raise malformed(package.name, f"{file.path} has no room for the prefix {prefix}")
        opener = partial(_with_prefix, source, placeholder, into)
    elif file.path.endswith(_BYTECODE):
        opener = partial(_without_time, source)
    return LinkedFile(ArtifactFile(place, place, there.st_size, mode), opener)


def open_binary(path: Path) -> BinaryIO:
    """Open a file for reading its bytes."""
    return path.open("rb")


def _with_prefix(source: Path, placeholder: bytes, prefix: bytes) -> BinaryIO:
    """Open a file with another prefix in it, however large it is."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    with source.open("rb") as stream:
        shutil.copyfileobj(stream, copy)
    copy.flush()
    if copy.tell():
        with mmap.mmap(copy.fileno(), 0) as content:
            replace_in_binary(content, placeholder, prefix)
    copy.seek(0)
    return copy


def _without_time(source: Path) -> BinaryIO:
    return io.BytesIO(without_time(source.read_bytes()))


def _script(entry_point: EntryPoint, prefix: str) -> bytes:
    first = entry_point.function.partition(".")[0]
    python = f"{prefix}/bin/python"
    return _ENTRY_POINT.format(
        python=python, module=entry_point.module, first=first, function=entry_point.function
    ).encode()


def _record(package: UnpackedPackage, prefix: str, digest: str, paths: list[str]) -> TextFile:
    """Return what tells scanners and conda that a package is there, without a trace of the host."""
    told = dict(package.told)
    name = "-".join(str(told.get(key, "")) for key in ("name", "version", "build")).replace("/", "_")
    files = sorted(path.removeprefix(f"{prefix}/") for path in paths)
    content = {**told, "files": files, "sha256": digest.removeprefix("sha256:")}
    text = json.dumps(content, indent=2, sort_keys=True) + "\n"
    return TextFile(f"{prefix}/conda-meta/{name}.json", text.encode())
