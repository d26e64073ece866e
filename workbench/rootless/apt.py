"""Debian packages fetched by apt as any user: with lists, cache and status of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.command import run

__all__ = ["Apt"]


@dataclass(frozen=True)
class Apt:
    """Asks the machine's package sources without touching the machine.

    Args:
        folder: Where lists and archives go; made if need be.
        environ: The environment variables of the commands.
        architecture: What packages are for, as Debian names it; empty for this machine's own.
    """

    folder: Path
    environ: Mapping[str, str]
    architecture: str = ""

    def download(self, packages: Iterable[str]) -> tuple[Path, ...]:
        """Fetch packages and all that they depend on, as if nothing were installed.

        apt checks signatures and hashes as ever.

        Returns:
            The archives, sorted by name.

        Raises:
            PartMissingError: This is not a Debian.
            WorkbenchError: apt failed.
        """
        for name in ("state/lists/partial", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        self._apt("update")
        self._apt("install", "--download-only", "--no-install-recommends", *packages)
        return tuple(sorted((self.folder / "cache" / "archives").glob("*.deb")))

    def _apt(self, *arguments: str) -> None:
        settings: dict[str, Path | str] = {
            "Dir::State": self.folder / "state",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder / "cache",
            # Root would fetch as the user _apt, who may not write here.
            "APT::Sandbox::User": "root",
        }
        if self.architecture:
            settings |= {"APT::Architecture": self.architecture, "APT::Architectures": self.architecture}
        options = [f"--option={name}={value}" for name, value in settings.items()]
        quiet = {**self.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "--quiet", "--yes", *options, *arguments], environ=quiet, timeout=900)
