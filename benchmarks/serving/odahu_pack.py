"""odahu-pack: what a docker-rest image holds and runs, from the same plan, in a folder of this machine."""

import shutil
import subprocess
from pathlib import Path

from benchmarks.ground import MINOR
from benchmarks.peers import UV, environment
from benchmarks.serving.bare_asgi import PACKAGES
from benchmarks.serving.contender import Contender
from benchmarks.serving.model import ServedModel
from odahu_pack_core import BuildPlan, Connection, EnvironmentLayer, ModelPackaging, TextFile, plan_model

TITLE = "odahu-pack"
BATCHING = "with batching"
_REQUEST = {
    "id": "benchmark",
    "spec": {
        "integrationName": "docker-rest",
        "targets": [{"name": "docker-push", "connectionName": "none"}],
        "arguments": {"dockerfileBaseImage": f"python:{MINOR}"},
    },
}
_CONNECTION = {"id": "none", "spec": {"type": "docker", "uri": "127.0.0.1/benchmark"}}


def odahu_pack(model: ServedModel, folder: Path, *, batch: int = 1) -> Contender:
    """Lay out what the image would hold; the model's environment is that of the bare ASGI app.

    Args:
        model: What it predicts with.
        folder: An empty folder.
        batch: The most rows that wait together and are predicted together; 1 is without batching.
    """
    python = environment("serving-asgi", PACKAGES) / "python"
    _lay_out(_plan(model), model, folder, python)
    front = (python, "-I", "-S", folder / "opt" / "odahu" / "front", "--host", "127.0.0.1")
    batching = ("--max-batch-size", str(batch)) if batch > 1 else ()
    return Contender(
        f"{TITLE} {BATCHING}" if batching else TITLE,
        lambda port: [*front, "--port", str(port), *batching],
        "/api/model/invoke",
        lambda rows: {"data": rows},
        lambda answer: [row[0] for row in answer["prediction"]],
        folder,
    )


def _plan(model: ServedModel) -> BuildPlan:
    connections = [Connection.model_validate(_CONNECTION)]
    request = ModelPackaging.model_validate(_REQUEST)
    return plan_model(request, artifact=model.project, connections=connections)


def _lay_out(plan: BuildPlan, model: ServedModel, folder: Path, python: Path) -> None:
    for layer in plan.layers:
        if not isinstance(layer, EnvironmentLayer):
            for file in layer.files:
                if isinstance(file, TextFile):
                    _written(folder, file)
        elif layer.layout == "site":
            target = folder / layer.prefix.lstrip("/")
            install: list[str | Path] = [UV, "pip", "install", "--quiet", "--link-mode", "copy"]
            install += ["--python", python, "--target", target, *layer.dependencies.pip]
            subprocess.run(install, check=True)
    shutil.copytree(model.project, folder / "opt" / "odahu" / "artifact")
    subprocess.run([python, "-m", "compileall", "-q", folder / "opt"], check=True)


def _written(folder: Path, file: TextFile) -> None:
    path = folder / file.path.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.content)
