"""odahu-pack: one command, no Docker."""

import json
from pathlib import Path

from benchmarks.against.arena import Arena
from benchmarks.against.contender import Command, Packaging
from benchmarks.against.models import Model
from benchmarks.ground import COMMAND


class OdahuPack:
    """Packages with docker-rest and the engine ``oci``.

    Args:
        arena: The round's ground.
    """

    title = "odahu-pack"

    def __init__(self, arena: Arena) -> None:
        self._connection = _written(
            arena.folder / "connection.json",
            "Connection",
            {
                "type": "docker",
                "uri": f"{arena.registry.host}/benchmark",
                "username": arena.registry.username,
                "password": {"env": "REGISTRY_PASSWORD"},
            },
        )
        self._request = _written(
            arena.folder / "request.json",
            "ModelPackaging",
            {
                "integrationName": "docker-rest",
                "targets": [
                    {"name": name, "connectionName": "benchmark"} for name in ("docker-push", "docker-pull")
                ],
                "arguments": {"dockerfileBaseImage": arena.base},
            },
        )

    def take_over(self, model: Model) -> Packaging:
        """Leave the model as it is: a GPPI project is what it packages."""
        run: Command = (
            COMMAND,
            "local",
            "pack",
            "run",
            "--engine",
            "oci",
            "-d",
            self._request,
            "-d",
            self._connection,
        )
        return lambda: [(*run, "--artifact", model.project)]


def _written(path: Path, kind: str, spec: dict[str, object]) -> Path:
    path.write_text(json.dumps({"kind": kind, "id": "benchmark", "spec": spec}))
    return path
