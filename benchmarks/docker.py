"""The ``docker`` command for measuring: one that has BuildKit, whichever of PATH's that is."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.measure import BenchmarkError

_SMALLEST = "FROM scratch\nLABEL odahu-pack-benchmark=try\n"


class Docker:
    """Runs docker commands with BuildKit in one environment.

    Args:
        environ: Environment variables, with the engine's address; PATH is searched for docker.
        folder: Where a link to the command is made, first on the PATH of ``environ``.
    """

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        with_buildkit = {**environ, "DOCKER_BUILDKIT": "1", "DOCKER_SCAN_SUGGEST": "false"}
        folder.mkdir()
        (folder / "docker").symlink_to(_with_buildkit(with_buildkit))
        self.environ = {**with_buildkit, "PATH": f"{folder}{os.pathsep}{environ.get('PATH', '')}"}
        self._program = folder / "docker"

    def __call__(self, *arguments: str | Path, text: str = "") -> str:
        """Run a command to its end and return its stdout.

        Args:
            arguments: What follows ``docker``.
            text: Its stdin.

        Raises:
            BenchmarkError: It failed; the message holds the end of what it said.
        """
        ended = subprocess.run(
            [self._program, *arguments],
            env=self.environ,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            said = (ended.stdout + ended.stderr)[-2000:]
            raise BenchmarkError(f"docker {arguments[0]} ended with {ended.returncode}:\n{said}")
        return ended.stdout.strip()


def _with_buildkit(environ: Mapping[str, str]) -> Path:
    """Find a docker that builds with BuildKit, which version 23 and newer do with a plugin only."""
    for program in _programs(environ.get("PATH", "")):
        tried = subprocess.run(
            [program, "build", "--quiet", "-"],
            env=dict(environ),
            input=_SMALLEST,
            capture_output=True,
            text=True,
            check=False,
        )
        if tried.returncode == 0:
            subprocess.run(
                [program, "image", "rm", tried.stdout.strip()],
                env=dict(environ),
                capture_output=True,
                check=False,
            )
            return program
    raise BenchmarkError("no docker on PATH builds with BuildKit: install docker.io, or the plugin buildx")


def _programs(path: str) -> Iterator[Path]:
    for folder in path.split(os.pathsep):
        found = shutil.which("docker", path=folder)
        if found:
            yield Path(found)
