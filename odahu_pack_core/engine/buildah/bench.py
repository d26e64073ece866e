"""Bench: the names under which runs work in the store of ``buildah``, swept by the last run that ends.

A name of the store gets into an image's history. So all runs call the same things by the same names, and no
run removes what another may still need.
"""

from __future__ import annotations

import fcntl
import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from odahu_pack_core.errors import EngineError
from odahu_pack_core.folders import cache_folder
from odahu_pack_core.values import dataclass

from .tool import Buildah, BuildahError

_LOCAL: Final = "localhost/"
_OURS: Final = "odahu-pack-"
_KEPT: Final = f"{_LOCAL}{_OURS}kept:"


@dataclass(frozen=True)
class Bench:
    """Where runs work.

    Args:
        buildah: The command.
        built: The name of what this run builds.
    """

    buildah: Buildah
    built: str

    @classmethod
    @contextmanager
    def laid(cls, buildah: Buildah) -> Iterator[Bench]:
        """Give a bench; whatever ends the block, what was built loses its name, and with it is gone.

        Raises:
            EngineError: The lock that runs share cannot be written.
        """
        path = cache_folder(buildah.environ) / "names" / "buildah.lock"
        with ExitStack() as stack:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                lock = stack.enter_context(path.open("wb"))
            except OSError as error:
                raise EngineError(f"cannot write {path}: {error.strerror}", code="cannot-write") from None
            fcntl.flock(lock, fcntl.LOCK_SH)
            bench = cls(buildah, f"{_LOCAL}{_OURS}built:{secrets.token_hex(8)}")
            stack.callback(bench._clear, lock)
            yield bench

    def base_folder(self, key: str) -> Path:
        """Return the folder from which a base image is read that is to be called ``base_name``."""
        return self.buildah.folder / f"{_OURS}base-{key}"

    def base_name(self, key: str) -> str:
        """Return what a base image is called."""
        return f"{_LOCAL}{_OURS}base-{key}:latest"

    def kept_name(self, key: str) -> str:
        """Return what an image is called that stays in the store for the next build."""
        return f"{_KEPT}{key}"

    def holds(self, name: str) -> bool:
        """Tell whether the store has an image of a name."""
        try:
            self.buildah("inspect", "--type=image", "--format={{.FromImageID}}", name)
        except BuildahError:
            return False
        return True

    def _clear(self, lock: IO[bytes]) -> None:
        names = set(self._names())
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            names &= {self.built}  # another run works: it sweeps what this one leaves
        else:
            for container in self._containers():
                self._remove("rm", container)
        for name in sorted(names):
            self._remove("rmi", name)

    def _remove(self, *arguments: str) -> None:
        with suppress(EngineError):  # in use, or gone; the next run tries again
            self.buildah(*arguments)

    def _containers(self) -> Iterator[str]:
        for container in self._listed("containers", "--all"):
            # A build calls its containers after the image that it starts from.
            if str(container.get("containername", "")).startswith(_OURS):
                yield str(container.get("id"))

    def _names(self) -> Iterator[str]:
        for image in self._listed("images"):
            for name in map(str, image.get("names") or ()):
                if name.startswith(f"{_LOCAL}{_OURS}") and not name.startswith(_KEPT):
                    yield name

    def _listed(self, *arguments: str) -> list[dict[str, Any]]:
        with suppress(EngineError, ValueError):
            listed = json.loads(self.buildah(*arguments, "--json"))
            return [entry for entry in listed or () if isinstance(entry, dict)]
        return []
