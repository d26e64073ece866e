"""Installs a lock's wheels for another Python and platform, into a tree that nothing else shares."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from odahu_pack_core.command import Stream
from odahu_pack_core.events import EventSink, Output, Progress
from odahu_pack_core.plan.environment import Dependencies, LockedPackage

from .checks import check_installed
from .lock import wheel_line
from .target import Target
from .uv import HostPython, Uv, index_options, target_options

_INTERPRETER: Final = "bin/python3"
_HAS_ONE_MORE: Final = re.compile(r"\s*(?:Downloaded|Built) (\S+)")


@dataclass(frozen=True)
class InstalledTree:
    """A tree as uv leaves it: a virtual environment of the interpreter that uv worked with.

    Args:
        root: The folder.
        library: The folder of packages and the like below ``lib``, named after that interpreter.
    """

    root: Path
    library: str

    @property
    def site_packages(self) -> Path:
        """Where the packages are."""
        return self.root / "lib" / self.library / "site-packages"


def install(
    packages: Sequence[LockedPackage],
    dependencies: Dependencies,
    *,
    target: Target,
    artifact_root: Path,
    uv: Uv,
    emit: EventSink,
) -> InstalledTree:
    """Install packages into a tree of their own.

    Args:
        packages: What to install, nothing else.
        dependencies: What was asked for: the indexes to use.
        target: What the packages must run on.
        artifact_root: The unpacked artifact, for wheels inside it.
        uv: Installs, in its own folder.
        emit: Receives progress and uv's words.

    Raises:
        DependencyError: A package cannot be had any more, or is for another Python or platform.
    """
    tree = _bare_environment(uv.folder / "tree", uv.python)
    interpreter = tree.root / _INTERPRETER
    if packages:
        locked = uv.folder / "locked.txt"
        locked.write_text("".join(_line(package, artifact_root) for package in packages), encoding="utf-8")
        into = replace(uv, python=replace(uv.python, path=str(interpreter)))
        into(
            *("pip", "install", "--requirements", str(locked), "--no-deps"),
            # Links would let an edit in the tree reach uv's own cache.
            *("--link-mode", "copy"),
            *target_options(target, build_from_source=dependencies.build_from_source),
            *index_options(dependencies, artifact_root),
            on_line=_Counting(len(packages), emit),
        )
        check_installed(tree.site_packages, target, emit)
    interpreter.unlink()
    return tree


def _bare_environment(root: Path, python: HostPython) -> InstalledTree:
    """Make a virtual environment that holds nothing, for uv to install into."""
    shutil.rmtree(root, ignore_errors=True)
    tree = InstalledTree(root, f"python{python.version}")
    tree.site_packages.mkdir(parents=True)
    (root / "bin").mkdir()
    (root / _INTERPRETER).symlink_to(python.path)
    (root / "pyvenv.cfg").write_text(f"home = {Path(python.path).parent}\n", encoding="utf-8")
    return tree


def _line(package: LockedPackage, artifact_root: Path) -> str:
    digests = "".join(f" --hash={digest}" for digest in package.hashes)
    if package.wheel:
        return f"{wheel_line(artifact_root, package.wheel)}{digests}\n"
    return f"{package.name}=={package.version}{digests}\n"


class _Counting:
    """Turns uv's lines into events."""

    def __init__(self, total: int, emit: EventSink) -> None:
        self._total = total
        self._emit = emit
        self._done = 0

    def __call__(self, stream: Stream, line: str) -> None:
        del stream
        self._emit(Output("uv", line))
        if _HAS_ONE_MORE.match(line) and self._done < self._total:
            self._done += 1
            self._emit(Progress("layers", "packages", self._done, self._total, "packages"))
