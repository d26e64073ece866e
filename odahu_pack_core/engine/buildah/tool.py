"""Buildah: the ``buildah`` command, run and its failures told in its own last words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Final

from odahu_pack_core.command import Command, CommandError, LineSink, Runner
from odahu_pack_core.errors import EngineError
from odahu_pack_core.values import dataclass

from .presence import PROGRAM

_ISOLATION: Final = "BUILDAH_ISOLATION"
_ISOLATION_DEFAULT: Final = "chroot"
"""Works in containers, in pods and on old kernels, where a container runtime often may not start."""

_AUTH_FILE: Final = "REGISTRY_AUTH_FILE"
_NOBODY: Final = "nobody.json"
"""Without credentials; else every command wants the file to exist that the user's variables name."""

_ERROR: Final = "Error: "
_SENDING: Final = re.compile(r'pushing image "[^"]*" to "[^"]*": ')
_MOST_LINES: Final = 5


class BuildahError(EngineError):
    """The command failed.

    Args:
        reason: Its last words.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"buildah failed: {reason}", code="buildah-failed")
        self.reason = reason


@dataclass(frozen=True)
class Buildah:
    """The command; storage, registries and isolation are as the user has set them for it.

    Args:
        environ: The environment variables of the run.
        run: Runs it.
        folder: Where it runs.
    """

    environ: Mapping[str, str] = field(repr=False)
    run: Runner
    folder: Path

    @classmethod
    def working_in(cls, folder: Path, environ: Mapping[str, str], run: Runner) -> Buildah:
        """Return the command with a folder of its own.

        Raises:
            OSError: The folder cannot be written.
        """
        (folder / _NOBODY).write_text("{}")
        return cls(environ, run, folder)

    def __call__(
        self,
        *arguments: str,
        stdin: bytes = b"",
        secrets: tuple[str, ...] = (),
        on_line: LineSink | None = None,
        folder: Path | None = None,
    ) -> str:
        """Run it and return what it wrote to stdout, without the last line's end.

        Args:
            arguments: Its arguments.
            stdin: What it reads.
            secrets: Texts that no line of its output may show.
            on_line: Told each line as it comes.
            folder: Where it runs, if not where it usually does.

        Raises:
            BuildahError: It failed.
            EngineError: It is not installed.
        """
        auth_file = str(self.folder / _NOBODY)
        env = {_ISOLATION: _ISOLATION_DEFAULT, **self.environ, _AUTH_FILE: auth_file}
        command = Command((PROGRAM, *arguments), env, folder or self.folder, stdin, secrets)
        try:
            outcome = self.run(command, on_line)
        except CommandError as error:
            raise EngineError(error.message, code="engine-absent", hint="install buildah") from None
        if outcome.exit_code:
            raise BuildahError(_last_words(outcome.stderr) or f"exit code {outcome.exit_code}")
        return outcome.stdout.rstrip("\n")


def is_error(line: str) -> bool:
    """Tell whether a line of stderr is what the command itself ends with."""
    return line.startswith(_ERROR)


def _last_words(lines: Sequence[str]) -> str:
    errors = [line.removeprefix(_ERROR) for line in lines if is_error(line)]
    return _SENDING.sub("", errors[-1]) if errors else " ".join(lines[-_MOST_LINES:])
