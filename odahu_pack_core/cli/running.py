"""What ``local serve`` and ``local predict`` share: their options, and the way from these to a program."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import click

from odahu_pack_core.errors import OdahuPackError, UsageError
from odahu_pack_core.pipeline.local.prepare import LocalRun, prepare_request
from odahu_pack_core.pipeline.local.program import LocalProgram
from odahu_pack_core.pipeline.surroundings import Surroundings

from .display import shown
from .inputs import Inputs
from .options import Decorated, debug_option, loudness_options, model_options, refresh_option
from .session import Session


def local_options(command: Decorated) -> Decorated:
    """Add the options of commands that run a model on this machine."""
    python = click.option(
        "--python",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="The interpreter that runs the model. Left out: one of the image's version is looked for in "
        "this environment, on PATH, and among those of pyenv and uv.",
    )
    variables = click.option(
        "-e",
        "--env",
        "variables",
        multiple=True,
        metavar="NAME[=VALUE]",
        help="A variable for the program, which as in a container sees no others of yours; without a value, "
        "the one that it has here. Repeatable.",
    )
    for add in (debug_option, loudness_options, refresh_option, variables, python, model_options):
        command = add(command)
    return command


def prepared(session: Session, inputs: Inputs, run: LocalRun, *, refresh: bool) -> LocalProgram:
    """Return the program of a packaging, made ready while its events are shown.

    Raises:
        OdahuPackError: It cannot be made ready.
    """
    with shown(session) as emit:
        entities = inputs.entities(emit)
        packaging = inputs.packaging(entities)
        artifact = inputs.find_artifact(packaging, session.environ, Path.cwd())
        surroundings = Surroundings(environ=session.environ, on_event=emit, refresh=refresh)
        return prepare_request(inputs.request(packaging, entities, artifact), run, surroundings)


def given_variables(words: tuple[str, ...], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that ``--env`` names.

    Raises:
        UsageError: One has no name, or no value and is not set here.
    """
    variables = {}
    for word in words:
        name, is_given, value = word.partition("=")
        if not name or "\0" in word or not (is_given or name in environ):
            raise UsageError(f"--env {name}: write NAME=VALUE, or the NAME of a variable that is set here")
        variables[name] = value if is_given else environ[name]
    return variables


def become(program: LocalProgram) -> NoReturn:
    """Let a program take the place of this process: terminal, signals and exit code are its own.

    Raises:
        OdahuPackError: It cannot be started.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and what is ignored stays so
    try:
        for folder in program.folders:
            _hold(folder)
        if program.cwd is not None:
            os.chdir(program.cwd)
        os.execve(program.argv[0], program.argv, program.environ)  # noqa: S606  # the purpose of the command
    except OSError as error:
        raise OdahuPackError(f"cannot start {program.argv[0]}: {error.strerror}", code="cannot-run") from None


def _hold(folder: Path) -> None:
    """Lock a folder for as long as this process lives, whatever program it becomes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    os.set_inheritable(descriptor, True)  # noqa: FBT003  # the system's own signature
