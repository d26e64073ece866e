"""Runs the programs of the system: the workbench's only door to subprocesses."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.errors import PartMissingError, WorkbenchError

__all__ = ["locate", "read", "run"]

_SYSTEM_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_QUOTED_LINES = 20


def locate(program: str) -> str:
    """Find a program on PATH or in the system's own folders, which a user's PATH may lack.

    Args:
        program: The program's name, such as ``dockerd``.

    Returns:
        Its absolute path.

    Raises:
        PartMissingError: It is not installed.
    """
    found = shutil.which(program) or shutil.which(program, path=_SYSTEM_FOLDERS)
    if found is None:
        raise PartMissingError(
            f"{program} is not installed: run `python3 -m workbench install` as root on Debian"
        )
    return found


def run(argv: Sequence[str | Path], *, environ: Mapping[str, str], timeout: float = 600) -> str:
    """Run a program to its end and return what it wrote to stdout.

    Args:
        argv: The program, a name or a path, and its arguments.
        environ: All environment variables of the program.
        timeout: Seconds after which it is killed.

    Returns:
        The text on stdout, without white space at its ends.

    Raises:
        PartMissingError: The program is not installed.
        WorkbenchError: It failed or took too long; the message quotes the end of its output.
    """
    return read(argv, environ=environ, timeout=timeout).decode(errors="replace").strip()


def read(argv: Sequence[str | Path], *, environ: Mapping[str, str], timeout: float = 600) -> bytes:
    """Run a program to its end and return the bytes that it wrote to stdout.

    Args and errors are those of `run`.
    """
    program, *arguments = (str(argument) for argument in argv)
    command = [locate(program), *arguments]
    shown = " ".join([Path(program).name, *arguments[:3]])
    try:
        ended = subprocess.run(  # noqa: S603 - programs and arguments are the workbench's own
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        raise WorkbenchError(f"`{shown} …` took longer than {timeout:.0f} s") from expired
    if ended.returncode != 0:
        output = (ended.stdout + ended.stderr).decode(errors="replace")
        lines = output.strip().splitlines()[-_QUOTED_LINES:]
        raise WorkbenchError(f"`{shown} …` failed with exit code {ended.returncode}:\n" + "\n".join(lines))
    return ended.stdout
