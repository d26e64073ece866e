"""Installs a lock's wheels for another Python and platform, into a tree that nothing else shares."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from odahu_pack_core.command import Stream
from odahu_pack_core.events import EventSink, Output, Progress
from odahu_pack_core.plan.environment import Dependencies, EnvironmentPart, LockedPackage
from odahu_pack_core.values import dataclass

from .checks import check_installed
from .locking import wheel_line
from .target import Target
from .uv import Uv, index_options, target_options

_HAS_ONE_MORE: Final = re.compile(r"\s*(?:Downloaded|Built) (\S+)")


@dataclass(frozen=True)
class InstalledTree:
    """A tree as uv leaves it, laid out like a virtual environment of the interpreter that uv worked with.

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
    part: EnvironmentPart,
    dependencies: Dependencies,
    *,
    target: Target,
    artifact_root: Path,
    uv: Uv,
    emit: EventSink,
) -> InstalledTree:
    """Install the packages of a part into a tree of their own.

    Args:
        part: What to install, nothing else.
        dependencies: What was asked for: the indexes to use.
        target: What the packages must run on.
        artifact_root: The unpacked artifact, for wheels inside it.
        uv: Installs, in its own folder.
        emit: Receives progress and uv's words.

    Raises:
        DependencyError: A package cannot be had any more, or is for another Python or platform.
    """
    tree = InstalledTree(uv.folder / "tree", f"python{uv.python.version}")
    tree.site_packages.mkdir(parents=True)
    if part.packages:
        locked = uv.folder / "locked.txt"
        locked.write_text(
            "".join(_line(package, artifact_root) for package in part.packages), encoding="utf-8"
        )
        uv(
            *("pip", "install", "--requirements", str(locked), "--no-deps", "--prefix", str(tree.root)),
            # Files may be one with those in uv's own cache: they are never written to, only replaced.
            *("--link-mode", "hardlink"),
            *target_options(target, build_from_source=dependencies.build_from_source),
            *index_options(dependencies, artifact_root),
            on_line=_Counting(part, emit),
        )
        check_installed(tree.site_packages, target, emit)
    return tree


def _line(package: LockedPackage, artifact_root: Path) -> str:
    digests = "".join(f" --hash={digest}" for digest in package.hashes)
    if package.wheel:
        return f"{wheel_line(artifact_root, package.wheel)}{digests}\n"
    return f"{package.name}=={package.version}{digests}\n"


class _Counting:
    """Turns uv's lines into events."""

    def __init__(self, part: EnvironmentPart, emit: EventSink) -> None:
        self._part = part
        self._emit = emit
        self._done = 0

    def __call__(self, stream: Stream, line: str) -> None:
        del stream
        self._emit(Output("uv", line))
        total = len(self._part.packages)
        if _HAS_ONE_MORE.match(line) and self._done < total:
            self._done += 1
            self._emit(Progress("layers", self._part.name, self._done, total, "packages"))
