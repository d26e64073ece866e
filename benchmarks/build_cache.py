"""What BuildKit keeps of builds, to forget exactly what one benchmark left there."""

from collections.abc import Iterable, Mapping
from typing import Any

import docker

from benchmarks.docker import Docker

_SECONDS = 300


class BuildCache:
    """The build cache of an engine, as it was when this was made and as it is.

    Args:
        command: The docker command of the engine.
    """

    def __init__(self, command: Docker) -> None:
        self._command = command
        self._before = {record["ID"] for record in self._records()}

    def forget_base(self, mark: str) -> None:
        """Forget the steps of all builds upon one base, and the contexts that came meanwhile.

        Args:
            mark: Stands in a command that was run upon the base, and in no other.
        """
        records = self._records()
        bases = {record["Parent"] for record in records if mark in record["Description"]} - {""}
        contexts = [record["ID"] for record in records if record["Type"] == "source.local"]
        found = [*_upon(bases, records), *(name for name in contexts if name not in self._before)]
        if found:
            self._command("builder", "prune", "--all", "--force", "--filter", f"id=^({'|'.join(found)})$")

    def _records(self) -> list[dict[str, Any]]:
        environ = dict(self._command.environ)
        client = docker.DockerClient.from_env(environment=environ, version="auto", timeout=_SECONDS)
        try:
            return client.df()["BuildCache"] or []
        finally:
            client.close()


def _upon(bases: Iterable[str], records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the records that stand upon others, at any height."""
    above: dict[str, list[str]] = {}
    for record in records:
        above.setdefault(record["Parent"], []).append(record["ID"])
    found, waiting = [], list(bases)
    while waiting:
        higher = above.get(waiting.pop(), [])
        found += higher
        waiting += higher
    return found
