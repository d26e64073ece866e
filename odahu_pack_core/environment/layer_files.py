"""What is in an environment's layer: the tree's files, the links to the base's interpreter, and the like."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from odahu_pack_core.names import CACHE_ENVIRONMENT
from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.plan.cache_lock import LOCK_FILE, write_cache_lock
from odahu_pack_core.plan.environment import EnvironmentLayer, LockedPackage, ResolvedEnvironment
from odahu_pack_core.plan.files import (
    FILE_MODE,
    PROGRAM_MODE,
    ArtifactFile,
    Folder,
    Link,
    PlannedFile,
    TextFile,
)

_BASE_PATHS: Final = "odahu-pack-base.pth"
_RUNNABLE: Final = 0o100


def tree_files(tree: Path, prefix: str) -> Iterator[PlannedFile]:
    """Yield what is in a tree as files below a folder of the image, with the modes that images have."""
    for folder, _, names in os.walk(tree):
        inside = Path(folder).relative_to(tree).as_posix()
        place = prefix if inside == "." else f"{prefix}/{inside}"
        yield Folder(place)
        for name in names:
            there = (Path(folder) / name).stat(follow_symlinks=False)
            runnable = inside == "bin" or there.st_mode & _RUNNABLE
            source = name if inside == "." else f"{inside}/{name}"
            yield ArtifactFile(
                f"{place}/{name}", source, there.st_size, PROGRAM_MODE if runnable else FILE_MODE
            )


def added_files(
    layer: EnvironmentLayer, base: BaseFacts, resolved: ResolvedEnvironment
) -> Iterator[PlannedFile]:
    """Yield what makes packages an environment of its base image."""
    if layer.layout != "venv":
        return
    assert base.interpreter is not None  # noqa: S101  # resolving an environment checks it
    for name in ("python", "python3"):
        yield Link(f"{layer.prefix}/bin/{name}", base.interpreter)
    # Without "home" Python finds its library through the link to the real interpreter.
    yield TextFile(f"{layer.prefix}/pyvenv.cfg", b"include-system-site-packages = false\n")
    yield Folder(f"{layer.prefix}/lib/python{base.python}/site-packages")
    if layer.activate:
        yield TextFile(f"{layer.prefix}/bin/activate", activate_script(layer.prefix))
    if resolved.mode == "base" and base.site_packages is not None:
        # Read after the environment's own packages, so that these win.
        line = f"import site; site.addsitedir({base.site_packages.path!r})\n"
        site = f"{layer.prefix}/lib/python{base.python}/site-packages"
        yield TextFile(f"{site}/{_BASE_PATHS}", line.encode())
    if layer.prefix == CACHE_ENVIRONMENT:
        yield TextFile(f"{layer.prefix}/{LOCK_FILE}", write_cache_lock(all_packages(base, resolved.packages)))


def all_packages(base: BaseFacts, packages: Iterable[LockedPackage]) -> tuple[tuple[str, str], ...]:
    """Return name and version of all packages that an environment has, its base's included, sorted."""
    held = dict(base.site_packages.packages) if base.site_packages else {}
    return tuple(sorted({**held, **{package.name: package.version for package in packages}}.items()))


def activate_script(prefix: str) -> bytes:
    """Return ``bin/activate`` of an environment, which Triton's Python backend sources."""
    return f"VIRTUAL_ENV={prefix}\nPATH={prefix}/bin:$PATH\nexport VIRTUAL_ENV PATH\n".encode()
