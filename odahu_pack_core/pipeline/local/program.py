"""The program of an image as one of this machine: its words, its variables, its working directory."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Final

from odahu_pack_core.errors import PlanError
from odahu_pack_core.plan.build_plan import BuildPlan, ResolvedPlan
from odahu_pack_core.plan.instruction import Cmd, Copy, Entrypoint, Env, Run, Workdir
from odahu_pack_core.values import dataclass

from .paths import Paths

PROGRAMS: Final = "/usr/local/bin"
"""Where the Python of a base image is, for plans that start it by its name."""

_PASSED_ON: Final = ("TERM", "TMPDIR", "TZ")
_LANGUAGE: Final = "C.UTF-8"  # as in the official images of Python


@dataclass(frozen=True)
class LocalProgram:
    """A program of this machine that does what a container of the image would do.

    Args:
        argv: Its path and its arguments.
        environ: All of its environment variables.
        cwd: Its working directory; None for the caller's.
        folders: Folders of the cache that it runs from. They are removed when they were not used for a month;
            never while somebody has a shared lock on them.
    """

    argv: tuple[str, ...]
    environ: Mapping[str, str] = field(repr=False)
    cwd: Path | None = None
    folders: tuple[Path, ...] = ()


def check_runs_here(plan: BuildPlan) -> None:
    """Refuse a plan whose program is not in the plan.

    Raises:
        PlanError: The program is the base image's own.
    """
    starts = any(isinstance(instruction, Entrypoint | Cmd) for instruction in plan.instructions)
    if plan.base.keeps_entrypoint or not starts:
        raise _not_here(
            plan, f"its image starts the program of {plan.base.reference}, which is not on this machine"
        )


def check_builds_here(plan: ResolvedPlan) -> None:
    """Refuse a plan that takes more than laying files out.

    Raises:
        PlanError: Something runs while the image is built.
    """
    (image,) = plan.images
    if any(environment.mode == "conda" and not environment.parts for environment in image.environments):
        raise _not_here(
            plan.plan,
            "its conda packages are installed by an engine",
            "have them installed here: pip install 'odahu-pack-core[conda]'",
        )
    for instruction in image.instructions:
        if isinstance(instruction, Run | Copy):
            raise _not_here(
                plan.plan,
                f"its image runs {instruction.arguments[0]} while it is built"
                if isinstance(instruction, Run)
                else f"its image copies {instruction.source} of the build context",
            )


def program_of(
    plan: ResolvedPlan,
    root: Path,
    *,
    words: Sequence[str] | None,
    environ: Mapping[str, str],
    variables: Mapping[str, str],
) -> LocalProgram:
    """Return the program of a plan that is laid out.

    Args:
        plan: The plan.
        root: What stands for the image's root.
        words: Arguments in place of the image's own, as after ``docker run IMAGE``; None for the image's.
        environ: The user's environment variables; a container has few of them.
        variables: Variables that the user adds, as with ``docker run --env``.

    Raises:
        PlanError: The program is not on this machine.
    """
    paths, cwd, own = Paths(root), None, {}
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    for instruction in plan.images[0].instructions:
        match instruction:
            case Entrypoint(arguments):
                entrypoint = tuple(map(paths.on_host, arguments))
            case Cmd(arguments):
                command = tuple(map(paths.on_host, arguments))
            case Env(name, value):
                own[name] = paths.on_host(value)
            case Workdir(path):
                cwd = Path(paths.on_host(path))
            case _:
                pass
    together = {**_of_container(environ, paths), **own, **variables}
    line = (*entrypoint, *(command if words is None else words))
    found = shutil.which(line[0], path=together["PATH"]) if line else None
    if found is None:
        raise _not_here(plan.plan, f"its program {line[0] if line else ''!r} is not on this machine")
    return LocalProgram((found, *line[1:]), together, cwd)


def _of_container(environ: Mapping[str, str], paths: Paths) -> dict[str, str]:
    """Return the variables of every container, and those that tell of this machine and terminal."""
    passed_on = {name: environ[name] for name in _PASSED_ON if name in environ}
    path = f"{paths.place(PROGRAMS)}:{environ.get('PATH', '/usr/bin:/bin')}"
    return {"PATH": path, "LANG": _LANGUAGE, **passed_on}


def _not_here(plan: BuildPlan, reason: str, mend: str = "") -> PlanError:
    return PlanError(
        f"{plan.packager} cannot run without a container: {reason}",
        code="not-local",
        hint=mend or "build the image instead: odahuflowctl local pack run",
    )
