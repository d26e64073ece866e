"""An unpacked conda package: what it says of itself, checked before anything of it is used.

Formats: https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html
"""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path, PurePosixPath
from typing import Any, Final

from odahu_pack_core.values import dataclass

from .failures import malformed

_LARGEST_METADATA: Final = 64 * 1024 * 1024
_ENTRY_POINT: Final = re.compile(
    r"(?P<command>[A-Za-z0-9_.+-]+)\s*=\s*(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"
    r"\s*:\s*(?P<function>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"
)
_TOLD: Final = (
    "build",
    "build_number",
    "constrains",
    "depends",
    "license",
    "name",
    "noarch",
    "subdir",
    "version",
)


@dataclass(frozen=True)
class PackageFile:
    """A file of a package.

    Args:
        path: Its relative path in the package.
        mode: ``text`` or ``binary`` where it holds a placeholder for the prefix; empty where it does not.
        placeholder: That placeholder.
    """

    path: str
    mode: str = ""
    placeholder: str = ""


@dataclass(frozen=True)
class EntryPoint:
    """A command that calls a function.

    Args:
        command: The command's name.
        module: Where the function is.
        function: Its name; may have dots.
    """

    command: str
    module: str
    function: str


@dataclass(frozen=True)
class UnpackedPackage:
    """A package in a folder.

    Args:
        name: Its name.
        folder: The folder.
        files: Its files, all of them there; links count as files.
        is_python: Whether it has one build for every Python, whose packages are in ``site-packages``.
        entry_points: Commands that are made where it is installed.
        told: What else it tells of itself, for whoever lists the packages of an image.
    """

    name: str
    folder: Path
    files: tuple[PackageFile, ...]
    is_python: bool
    entry_points: tuple[EntryPoint, ...]
    told: tuple[tuple[str, Any], ...]

    @property
    def has_link_script(self) -> bool:
        """Whether it has a script that conda would run once its files are in place."""
        script = f"bin/.{self.name}-post-link.sh"
        return any(file.path == script for file in self.files)


def read_package(name: str, folder: Path) -> UnpackedPackage:
    """Read what a package says of itself.

    Args:
        name: Its name.
        folder: Where it was unpacked.

    Raises:
        DependencyError: It is not as packages are: a path leaves the package, or a file is missing.
    """
    index = _json(name, folder / "info/index.json")
    is_python = index.get("noarch") == "python" or index.get("noarch_python") is True
    files = tuple(_files(name, folder))
    entry_points = tuple(_entry_points(name, folder)) if is_python else ()
    told = tuple((key, index[key]) for key in _TOLD if key in index)
    if index.get("python_site_packages_path") not in {None, _usual_site_packages(index)}:
        raise malformed(name, "it has its packages in an unusual folder, as free-threaded Pythons do")
    return UnpackedPackage(name, folder, files, is_python, entry_points, told)


def _usual_site_packages(index: dict[str, Any]) -> str:
    python = ".".join(str(index.get("version", "")).split(".")[:2])
    return f"lib/python{python}/site-packages"


def _files(name: str, folder: Path) -> list[PackageFile]:
    if (folder / "info/paths.json").exists():
        listed = _json(name, folder / "info/paths.json").get("paths")
        entries = listed if isinstance(listed, list) else []
        files = [_file(name, entry) for entry in entries if not _is_folder(entry)]
    else:
        files = _files_of_old(name, folder)
    folders: set[PurePosixPath] = set()
    for file in files:
        _check(name, folder, file.path, folders)
    return files


def _is_folder(entry: Any) -> bool:  # noqa: ANN401  # whatever JSON holds
    return isinstance(entry, dict) and entry.get("path_type") == "directory"


def _file(name: str, entry: Any) -> PackageFile:  # noqa: ANN401  # whatever JSON holds
    try:
        mode, placeholder = entry.get("file_mode") or "", entry.get("prefix_placeholder") or ""
        file = PackageFile(str(entry["_path"]), mode if placeholder else "", placeholder)
    except (AttributeError, KeyError):
        raise malformed(name, "info/paths.json does not list its files") from None
    if file.mode not in {"", "text", "binary"} or not isinstance(placeholder, str):
        raise malformed(name, f"{file.path} has a placeholder of an unknown kind")
    return file


def _files_of_old(name: str, folder: Path) -> list[PackageFile]:
    """Return the files of a package from before ``paths.json``."""
    marked = {}
    for line in _lines(name, folder / "info/has_prefix"):
        words = line.split()
        if len(words) == 3:  # noqa: PLR2004  # placeholder, mode and path
            marked[words[2].strip('"')] = words[1], words[0].strip('"')
    return [PackageFile(path, *marked.get(path, ())) for path in _lines(name, folder / "info/files")]


def _check(name: str, folder: Path, path: str, folders: set[PurePosixPath]) -> None:
    """Refuse a path that is not plainly one of the package's own files or links.

    Args:
        name: The package's name.
        folder: Where it was unpacked.
        path: The path.
        folders: Folders of the package that are known to be real ones; added to.
    """
    parts = path.split("/")
    if "\0" in path or any(part in {"", ".", ".."} for part in parts):
        raise malformed(name, f"{path!r} is not a path inside of it")
    try:
        for parent in list(PurePosixPath(path).parents)[-2::-1]:
            if parent not in folders and not stat.S_ISDIR((folder / parent).lstat().st_mode):
                raise malformed(name, f"{path} is behind a link")
            folders.add(parent)
        kind = (folder / path).lstat().st_mode
    except OSError:
        raise malformed(name, f"{path} is not in it") from None
    if not (stat.S_ISREG(kind) or stat.S_ISLNK(kind)):
        raise malformed(name, f"{path} is neither a file nor a link")


def _entry_points(name: str, folder: Path) -> list[EntryPoint]:
    if not (folder / "info/link.json").exists():
        return []
    noarch = _json(name, folder / "info/link.json").get("noarch")
    listed = noarch.get("entry_points") if isinstance(noarch, dict) else None
    found = []
    for line in listed if isinstance(listed, list) else ():
        match = _ENTRY_POINT.fullmatch(str(line).strip())
        if match is None or match["command"] in {".", ".."}:
            raise malformed(name, f"{line!r} is not an entry point")
        found.append(EntryPoint(match["command"], match["module"], match["function"]))
    return found


def _json(name: str, path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_text(path))
    except (OSError, ValueError, RecursionError):
        raise malformed(name, f"{path.parent.name}/{path.name} cannot be read") from None
    if not isinstance(content, dict):
        raise malformed(name, f"{path.parent.name}/{path.name} is no JSON object")
    return content


def _lines(name: str, path: Path) -> list[str]:
    try:
        return [line for line in _text(path).splitlines() if line.strip()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError):
        raise malformed(name, f"{path.parent.name}/{path.name} cannot be read") from None


def _text(path: Path) -> str:
    """Return the text of a metadata file, which must be a file of an acceptable size."""
    there = path.lstat()
    if not stat.S_ISREG(there.st_mode) or there.st_size > _LARGEST_METADATA:
        raise ValueError(f"{path.name} is no metadata")
    return path.read_text(encoding="utf-8")
