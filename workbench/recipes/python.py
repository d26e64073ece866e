"""Bases shaped like the official ``python`` images: CPython in /usr/local, from pyenv's builds."""

import re
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

from workbench.errors import PartMissingError
from workbench.recipes.debian import ROOT
from workbench.recipes.recipe import Kitchen, Recipe
from workbench.state import own_home

__all__ = ["interpreters", "python_recipe", "python_references"]

# The official images up to these minors are also wanted under the plain tag, the documented default.
_PLAIN_TAGS = ("3.6", "3.7")
_INTERPRETER = re.compile(r"bin/python(3(\.\d+m?)?)?")
_LEFT_OUT = re.compile(
    r".*(/__pycache__|/tests?|/idle_test|\.py[co]|/libpython[^/]*\.a)|lib/python3\.\d+/site-packages/.*"
)
_DOCKERFILE = """\
FROM @PARENT@
ADD python.tar /usr/local/
RUN ldconfig
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 PYTHON_VERSION=@VERSION@
CMD ["python3"]
"""
_PROOF = """\
import bz2, ctypes, lzma, platform, sqlite3, ssl, sys, zlib
assert platform.python_version() == "@VERSION@", sys.version
assert sys.executable == "/usr/local/bin/python3" and sys.prefix == "/usr/local", sys.executable
"""


def interpreters(environ: Mapping[str, str]) -> dict[str, Path]:
    """Find pyenv's CPythons.

    Args:
        environ: Where ``PYENV_ROOT`` and ``PATH`` are looked up; else it is in the user's home.

    Returns:
        For each minor version, such as ``3.11``, the folder of its newest patch release.
    """
    folders = [folder for root in pyenv_roots(environ) for folder in root.glob("versions/3.*")]
    released = [folder for folder in folders if re.fullmatch(r"3\.\d+\.\d+", folder.name)]
    newest = sorted(released, key=lambda folder: [int(part) for part in folder.name.split(".")])
    return {folder.name.rpartition(".")[0]: folder for folder in newest}


def pyenv_roots(environ: Mapping[str, str]) -> list[Path]:
    """Return where pyenv may have its versions, the likeliest first.

    Args:
        environ: As for ``interpreters``.
    """
    if environ.get("PYENV_ROOT"):
        return [Path(environ["PYENV_ROOT"])]
    command = shutil.which("pyenv", path=environ.get("PATH", ""))
    beside = [Path(command).resolve().parent.parent] if command else []
    return [own_home(environ) / ".pyenv", *beside]


def python_references(minor: str) -> tuple[str, ...]:
    """Return the references of the base that holds a CPython, such as ``python:3.11-slim``."""
    plain = (f"python:{minor}",) if minor in _PLAIN_TAGS else ()
    return (f"python:{minor}-slim", *plain)


def python_recipe(minor: str, environ: Mapping[str, str]) -> Recipe:
    """Return the recipe of the base that holds a CPython.

    Args:
        minor: The version, such as ``3.11``.
        environ: Where pyenv is looked up, as in ``interpreters``.

    Raises:
        PartMissingError: pyenv has no such version.
    """
    found = interpreters(environ)
    if minor not in found:
        there = ", ".join(sorted(found)) or "none"
        raise PartMissingError(
            f"no CPython {minor} to make python:{minor}-slim of: pyenv has {there};"
            f" `pyenv install {minor}`, or pull the image into the engine"
        )
    home = found[minor]
    return Recipe(
        name=f"python{minor}",
        references=python_references(minor),
        dockerfile=_DOCKERFILE.replace("@VERSION@", home.name),
        proof=("python3", "-c", _PROOF.replace("@VERSION@", home.name)),
        prepare=lambda kitchen: _pack(home, kitchen),
        parent=ROOT,
        inputs=(home.name, _INTERPRETER.pattern, _LEFT_OUT.pattern),
    )


def _pack(home: Path, kitchen: Kitchen) -> None:
    """Write what belongs under /usr/local: interpreter, headers, standard library; no site-packages."""
    with tarfile.open(kitchen.context / "python.tar", "w") as archive:
        for name in ("bin", "include", "lib"):
            archive.add(home / name, arcname=name, filter=_belongs)


def _belongs(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if member.name.startswith("bin/") and not _INTERPRETER.fullmatch(member.name):
        return None  # pip and its like name pyenv's folder in their first line
    if _LEFT_OUT.fullmatch(member.name):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member
