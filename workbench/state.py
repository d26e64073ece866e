"""Where the workbench keeps what is dear to make, and how several runs share it."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["StateFolder", "locked"]


@dataclass(frozen=True)
class StateFolder:
    """The folder whose contents outlive a run: the engine's images, the root's archive, locks.

    Args:
        path: An absolute path; made on first use.
    """

    path: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "StateFolder":
        """Find the folder: ``ODAHU_PACK_WORKBENCH``, else one below the user's cache folder."""
        home = Path(environ.get("HOME") or Path.home())
        path = Path(
            environ.get("ODAHU_PACK_WORKBENCH") or home / ".cache" / "odahu-pack-workbench"
        ).absolute()
        return cls(path)

    def folder(self, name: str) -> Path:
        """Return a folder below the state folder, made if need be."""
        folder = self.path / name
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        return folder

    def file(self, name: str) -> Path:
        """Return the path of a file below the state folder, which itself is made if need be."""
        return self.folder(".") / name


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file: one run at a time is inside; the kernel lets go when a run dies."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
