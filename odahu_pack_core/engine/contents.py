"""What is in a base image: its interpreter, its C library, and the packages of a dependency cache."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Final, Protocol

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from odahu_pack_core.names import CACHE_ENVIRONMENT, CACHE_LABEL, CONDA_ENVIRONMENT_VARIABLE
from odahu_pack_core.plan.base import BasePython, SitePackages
from odahu_pack_core.plan.cache_lock import LOCK_FILE, read_cache_lock
from odahu_pack_core.values import dataclass

_DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOST_FOLDERS: Final = 64
_VERSIONED: Final = re.compile(r"python(3\.\d{1,3})")
_RELEASE: Final = re.compile(r"(3\.\d{1,3})(?:\.|\Z)")
_CONDA_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_CONDA_ROOTS: Final = (
    "/opt/conda",
    "/opt/miniconda3",
    "/opt/miniconda",
    "/opt/miniforge3",
    "/opt/mambaforge",
    "/opt/anaconda3",
    "/root/miniconda3",
    "/root/anaconda3",
    "/usr/local/miniconda3",
)
_METADATA: Final = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._]*)-(?P<version>[^-/]+)(?:-py3\.\d+)?\.(?:dist|egg)-info"
)
_MUSL_ARCHITECTURES: Final = {"amd64": "x86_64", "arm64": "aarch64", "386": "i386", "arm": "armhf"}
_HEADERS: Final = 8192
_LARGEST_LOCK: Final = 1024 * 1024


class ImageFiles(Protocol):
    """The files of an image, looked at without running anything; paths are absolute, links are followed."""

    def program(self, path: str) -> str | None:
        """Return where a program really is; None when there is no program."""
        ...

    def exists(self, path: str) -> bool:
        """Tell whether anything is at a path."""
        ...

    def is_folder(self, path: str) -> bool:
        """Tell whether a path is a folder."""
        ...

    def start_of(self, path: str, size: int) -> bytes:
        """Return the first bytes of a regular file; none when it is none."""
        ...

    def names_in(self, folder: str) -> Iterable[str]:
        """Return names in a folder: at least those of the packages' metadata there."""
        ...


@dataclass(frozen=True)
class ImageContents:
    """What was found in an image; a fact for its id.

    Args:
        python: X.Y of the interpreter; None when there is none or nothing tells.
        interpreter: Its absolute path, links followed; None when there is none.
        libc: ``glibc`` or ``musl``.
        site_packages: What a dependency cache holds.
        missing_environment: The conda environment that the image names and does not hold.
    """

    python: str | None
    interpreter: str | None
    libc: str
    site_packages: SitePackages | None = None
    missing_environment: str = ""


def look_into(
    files: ImageFiles,
    env: Mapping[str, str],
    labels: Mapping[str, str],
    platform: str,
    told: BasePython | None = None,
) -> ImageContents:
    """Find out what is in an image without running anything of it.

    Args:
        files: Its files.
        env: Its environment variables.
        labels: Its labels.
        platform: Its ``os/arch``.
        told: Its Python, where that is known without looking.
    """
    if told is not None and CACHE_LABEL in labels:
        packages = _site_packages(files, CACHE_ENVIRONMENT, told.python)
        return ImageContents(told.python, told.interpreter, told.libc, packages)
    conda_name = env.get(CONDA_ENVIRONMENT_VARIABLE, "")
    prefixes: Iterable[str] = ()
    if CACHE_LABEL in labels:
        prefixes = (CACHE_ENVIRONMENT,)
    elif conda_name:
        prefixes = conda_prefixes(conda_name, env)
    for prefix in prefixes:
        if interpreter := files.program(f"{prefix}/bin/python3"):
            python = _python(interpreter, {})
            packages = _site_packages(files, prefix, python)
            return ImageContents(python, interpreter, _libc(files, interpreter, platform), packages)
    interpreter = _first_program(files, "python3", env.get("PATH") or _DEFAULT_PATH)
    python = _python(interpreter, env) if interpreter else None
    return ImageContents(
        python, interpreter, _libc(files, interpreter, platform), missing_environment=conda_name
    )


def conda_prefixes(name: str, env: Mapping[str, str]) -> Iterator[str]:
    """Yield the folders in which a conda environment may be, the likeliest first.

    Args:
        name: The environment's name.
        env: Environment variables of the image.
    """
    if not _CONDA_NAME.fullmatch(name):
        return
    folders = [PurePosixPath(folder).parent for folder in _search_path(env.get("PATH", ""))]
    yield from dict.fromkeys(str(folder) for folder in folders if folder.parts[-2:] == ("envs", name))
    variables = [env.get("MAMBA_ROOT_PREFIX", ""), env.get("CONDA_PREFIX", "")]
    if program := env.get("CONDA_EXE", ""):
        variables.append(str(PurePosixPath(program).parent.parent))
    roots = [*(root for root in variables if root.startswith("/")), *map(str, folders), *_CONDA_ROOTS]
    for root in dict.fromkeys(roots):
        yield root if name == "base" else f"{root.rstrip('/')}/envs/{name}"


def distributions(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return name and version of each distribution, read from the names of its metadata.

    Args:
        names: Names in a site-packages folder.
    """
    found = {}
    for name in names:
        match = _METADATA.fullmatch(name)
        if match and _is_version(match["version"]):
            found[canonicalize_name(match["name"])] = match["version"]
    return tuple(sorted(found.items()))


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _search_path(path: str) -> list[str]:
    return [folder for folder in path.split(":") if folder.startswith("/")][:_MOST_FOLDERS]


def _first_program(files: ImageFiles, name: str, path: str) -> str | None:
    programs = (files.program(f"{folder.rstrip('/')}/{name}") for folder in _search_path(path))
    return next((program for program in programs if program), None)


def _python(interpreter: str, env: Mapping[str, str]) -> str | None:
    match = _VERSIONED.fullmatch(PurePosixPath(interpreter).name) or _RELEASE.match(
        env.get("PYTHON_VERSION", "")
    )
    return match[1] if match else None


def _site_packages(files: ImageFiles, prefix: str, python: str | None) -> SitePackages | None:
    path = f"{prefix}/lib/python{python}/site-packages"
    if python is None:
        return None
    with suppress(ValueError):  # a cache that was not written by odahu-pack carries no lock
        return SitePackages(path, read_cache_lock(files.start_of(f"{prefix}/{LOCK_FILE}", _LARGEST_LOCK)))
    return SitePackages(path, distributions(files.names_in(path))) if files.is_folder(path) else None


def _libc(files: ImageFiles, interpreter: str | None, platform: str) -> str:
    if interpreter is not None:
        # An executable names its loader near its start (PT_INTERP); an image may hold loaders of both kinds.
        return "musl" if b"/ld-musl-" in files.start_of(interpreter, _HEADERS) else "glibc"
    architecture = platform.split("/")[1]
    loader = f"/lib/ld-musl-{_MUSL_ARCHITECTURES.get(architecture, architecture)}.so.1"
    return "musl" if files.exists(loader) else "glibc"
