"""Finds a CPython of the target's version on this machine, which makes the byte code of packages."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from odahu_pack_core.command import Command, CommandError, Runner
from odahu_pack_core.events import Decision, Event, Notice
from odahu_pack_core.folders import put
from odahu_pack_core.values import dataclass

from .cache import Cache
from .digests import digest_of

_ELF: Final = b"\x7fELF"
_SECONDS: Final = 20.0
_OF_ALL_USERS: Final = ("/usr/local/bin", "/usr/bin")
# Of Debian's Python may be there what starts, without the modules that compiling takes.
_TELL: Final = (
    "import importlib.util, sys, typing; v = sys.version_info; "
    "plain = sys.implementation.name == 'cpython' and v[3] == 'final' and not set(sys.abiflags) & set('dt'); "
    "print('%d.%d.%d' % v[:3] if plain else '')"
)


@dataclass(frozen=True)
class Compiler:
    """A CPython that makes byte code.

    Args:
        path: Its absolute path, links followed.
        version: Its X.Y.Z.
    """

    path: str
    version: str


class Compilers:
    """What makes byte code in one run: sought once for each Python, and told once.

    Args:
        search: Looks for interpreters; None to make no byte code.
    """

    def __init__(self, search: CompilerSearch | None) -> None:
        self._search = search
        self._found: dict[str, Compiler | None] = {}

    def of(self, python: str) -> Compiler | None:
        """Return what makes byte code for a Python X.Y; None where nothing does."""
        if self._search is None:
            return None
        if python not in self._found:
            self._found[python] = self._search.find(python)
        return self._found[python]

    def told(self, python: str) -> tuple[Event, ...]:
        """Return what the user should know of the byte code for a Python X.Y, the first time only."""
        if self._search is None or python in self._found:
            return ()
        compiler = self.of(python)
        if compiler is None:
            return (
                Notice(
                    f"no CPython {python} is on this machine, so packages have no byte code and images start "
                    f"slower; install one, for instance with: uv python install {python}"
                ),
            )
        reason = "found on this machine; other patch releases may make a few other bytes"
        return (Decision(f"byte code for Python {python}", f"CPython {compiler.version}", reason),)


@dataclass(frozen=True)
class CompilerSearch:
    """Looks for interpreters without starting any that was seen before.

    Args:
        cache: Where it is kept which version an interpreter is.
        environ: The user's environment variables.
        runner: Runs interpreters that were never seen.
        shared: The folders of programs that all users have.
    """

    cache: Cache
    environ: Mapping[str, str]
    runner: Runner
    shared: tuple[str, ...] = _OF_ALL_USERS

    def find(self, python: str) -> Compiler | None:
        """Return the CPython of a version that makes byte code; None where there is none.

        Patch releases make different bytes of a few sources, but layers are to be the same whoever makes
        them. So one that all users have comes first, then the newest that this user has, and only then the
        one that happens to run this.

        Args:
            python: X.Y.
        """
        shared = [f"{folder}/python{python}" for folder in self.shared]
        choices: tuple[Iterable[str | Path], ...] = (shared, _places(python, self.environ), _own())
        return next((found for places in choices if (found := self._newest(python, places))), None)

    def nearest(self, python: str) -> Compiler | None:
        """Return the CPython of a version that this user's programs run on; None where there is none.

        Bytes do not count here: the one that runs this comes first, then the user's own, then everybody's.

        Args:
            python: X.Y.
        """
        shared = [f"{folder}/python{python}" for folder in self.shared]
        choices: tuple[Iterable[str | Path], ...] = (_own(), _places(python, self.environ), shared)
        return next((found for places in choices if (found := self._newest(python, places))), None)

    def at(self, path: Path) -> Compiler | None:
        """Return the CPython of a path; None for what is none, or cannot be run."""
        real = os.path.realpath(path)
        version = self._version(real)
        return Compiler(real, version) if version else None

    def _newest(self, python: str, places: Iterable[str | Path]) -> Compiler | None:
        paths = dict.fromkeys(os.path.realpath(place) for place in places)
        found = [Compiler(path, version) for path in paths if (version := self._version(path))]
        fitting = [compiler for compiler in found if compiler.version.startswith(f"{python}.")]
        return max(fitting, key=_patch, default=None)

    def _version(self, path: str) -> str:
        """Return the X.Y.Z of a CPython; empty for what is none or cannot be run."""
        try:
            there = os.stat(path)  # noqa: PTH116  # a hundred times faster than through Path
            with open(path, "rb") as stream:  # noqa: PTH123  # as above
                if stream.read(len(_ELF)) != _ELF:
                    return ""  # a script that chooses among interpreters
        except OSError:
            return ""
        entry = self.cache.entry("pythons", digest_of(path, there.st_size, there.st_mtime_ns), ".json")
        try:
            return str(json.loads(entry.read_bytes())["version"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return self._asked(path, entry)

    def _asked(self, path: str, entry: Path) -> str:
        with self.cache.scratch() as scratch:
            version = self._told(path, scratch)
            (scratch / "python.json").write_text(json.dumps({"version": version}), encoding="utf-8")
            put(scratch / "python.json", entry)
        return version

    def _told(self, path: str, folder: Path) -> str:
        command = Command((path, "-I", "-S", "-c", _TELL), {}, cwd=folder, timeout_seconds=_SECONDS)
        try:
            outcome = self.runner(command)
        except CommandError:
            return ""
        return outcome.stdout.strip() if outcome.exit_code == 0 else ""


def _patch(compiler: Compiler) -> int:
    return int(compiler.version.rpartition(".")[2])


def _own() -> tuple[str, ...]:
    return (getattr(sys, "_base_executable", "") or sys.executable,)


def _places(python: str, environ: Mapping[str, str]) -> Iterator[str | Path]:
    """Yield where a user may have an interpreter: on PATH, and where pyenv and uv put theirs."""
    name = f"python{python}"
    for folder in environ.get("PATH", "").split(os.pathsep):
        if folder.startswith("/"):
            yield f"{folder}/{name}"
    home = environ.get("HOME", "/nonexistent")
    pyenv = Path(environ.get("PYENV_ROOT") or f"{home}/.pyenv")
    yield from sorted(pyenv.glob(f"versions/{python}.*/bin/{name}"))
    shared = environ.get("XDG_DATA_HOME") or f"{home}/.local/share"
    uv = Path(environ.get("UV_PYTHON_INSTALL_DIR") or f"{shared}/uv/python")
    yield from sorted(uv.glob(f"cpython-{python}.*/bin/{name}"))
