"""odahu-pack: ``odahuflowctl local serve``, which runs what the docker-rest image runs, by the same plan."""

import json
from pathlib import Path

from benchmarks.ground import COMMAND, MINOR
from benchmarks.serving.contender import Contender
from benchmarks.serving.model import ServedModel

TITLE = "odahu-pack"
BATCHING = "with batching"


def odahu_pack(model: ServedModel, folder: Path, *, batch: int = 1) -> Contender:
    """Write the request; the first start assembles the environment, as the image has it.

    Args:
        model: What it predicts with.
        folder: An empty folder.
        batch: The most rows that wait together and are predicted together; 1 is without batching.
    """
    request = folder / "request.json"
    arguments = {"dockerfileBaseImage": f"python:{MINOR}", "maxBatchSize": batch}
    spec = {"integrationName": "docker-rest", "arguments": arguments}
    request.write_text(json.dumps({"kind": "ModelPackaging", "id": "benchmark", "spec": spec}))
    serve = (COMMAND, "local", "serve", "--quiet", "--file", request, "--artifact", model.project)
    return Contender(
        TITLE if batch == 1 else f"{TITLE} {BATCHING}",
        lambda port: [*serve, "--port", str(port)],
        "/api/model/invoke",
        lambda rows: {"data": rows},
        lambda answer: [row[0] for row in answer["prediction"]],
        folder,
        {"ODAHU_PACK_CACHE_DIR": str(folder / "cache")},
    )
