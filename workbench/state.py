"""Where the workbench keeps what is dear to make, and how several runs share it."""

import fcntl
import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["StateFolder", "locked", "own_home"]


@dataclass(frozen=True)
class StateFolder:
    """The folder whose contents outlive a run: the engine's images, the root's archive, locks.

    Args:
        path: An absolute path; made on first use.
    """

    path: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "StateFolder":
        """Find the folder: ``ODAHU_PACK_WORKBENCH``, else one in the user's own home.

        Two engines would fight over the machine's bridge and packet filter. So the home is that of
        the user database: a run with another ``HOME`` shares the engine instead of starting a second.
        """
        named = environ.get("ODAHU_PACK_WORKBENCH")
        return cls(Path(named).absolute() if named else own_home(environ) / ".cache" / "odahu-pack-workbench")

    def folder(self, name: str) -> Path:
        """Return a folder below the state folder, made if need be."""
        folder = self.path / name
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        return folder

    def file(self, name: str) -> Path:
        """Return the path of a file below the state folder, which itself is made if need be."""
        return self.folder(".") / name


def own_home(environ: Mapping[str, str]) -> Path:
    """Return the user's home folder, whatever ``HOME`` says at the moment."""
    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except KeyError:  # a user without an entry, as in some containers
        return Path(environ.get("HOME", "/"))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file: one run at a time is inside; the kernel lets go when a run dies."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
