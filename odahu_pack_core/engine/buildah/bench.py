"""Bench: the names under which a run works in the store of ``buildah``, all of them gone afterwards."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from odahu_pack_core.errors import EngineError

from .tool import Buildah, BuildahError

_LOCAL: Final = "localhost"


@dataclass(frozen=True)
class Bench:
    """What one run works with.

    Args:
        buildah: The command.
        mark: Is in every name of this run, and in nobody else's.
    """

    buildah: Buildah
    mark: str

    @classmethod
    @contextmanager
    def laid(cls, buildah: Buildah) -> Iterator[Bench]:
        """Give a bench, and clear it whatever ends the block: images lose their names, containers go."""
        bench = cls(buildah, f"odahu-pack-{secrets.token_hex(8)}")
        try:
            yield bench
        except BaseException:
            with suppress(EngineError):  # what ended the block is what the user must hear of
                bench.clear()
            raise
        bench.clear()

    def name(self, tag: str) -> str:
        """Return a name for an image of this run."""
        return f"{_LOCAL}/{self.mark}:{tag}"

    def holds(self, name: str) -> bool:
        """Tell whether the store has an image of a name."""
        try:
            self.buildah("inspect", "--type=image", "--format={{.FromImageID}}", name)
        except BuildahError:
            return False
        return True

    def clear(self) -> None:
        """Remove the containers of this run, and its names; images go with their last name.

        Raises:
            EngineError: The command failed.
        """
        containers = [str(found["id"]) for found in self._listed("containers", "--all") if self._made(found)]
        if containers:
            self.buildah("rm", *containers)
        for name in self._names():
            self.buildah("rmi", name)

    def _made(self, container: dict[str, Any]) -> bool:
        # A build calls its containers after the image that it starts from.
        return str(container.get("containername", "")).startswith(f"{self.mark}-")

    def _names(self) -> list[str]:
        ours = f"{_LOCAL}/{self.mark}:"
        names = [str(name) for image in self._listed("images") for name in image.get("names") or ()]
        return sorted(name for name in names if name.startswith(ours))

    def _listed(self, *arguments: str) -> list[dict[str, Any]]:
        try:
            listed = json.loads(self.buildah(*arguments, "--json") or "null")
        except ValueError:
            raise BuildahError("it lists what it holds in a way nobody knows") from None
        return [entry for entry in listed or () if isinstance(entry, dict)]
