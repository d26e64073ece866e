"""The request to package the wine model, and the image that comes of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.demo.image import Image
from workbench.demo.stage import ROOT, Stage

__all__ = ["WINE", "Packaging", "own_prediction", "train"]

WINE = ROOT / "examples" / "wine"
_ARCHIVE = "wine-model-123456789.zip"
_OWN_PREDICTION = """\
import json, sys
import entrypoint
entrypoint.init()
document = json.load(open(sys.argv[1]))
matrix, columns = entrypoint.predict_on_matrix(document["data"], provided_columns_names=document["columns"])
print(json.dumps({"prediction": matrix.tolist(), "columns": columns}))
"""


def train(stage: Stage, alpha: str) -> str:
    """Train the model and say how strongly it was regularised."""
    folder = stage.folder / "model"
    stage.run(stage.bin / "python", WINE / "train.py", "--output", folder, "--alpha", alpha)
    return f"elastic net on 13 measurements, alpha {alpha}"


def own_prediction(stage: Stage) -> object:
    """Return what the model predicts where it was trained."""
    code = stage.folder / "model" / "wine" / "odahuflow_model"
    document = WINE / "predicts.json"
    return json.loads(stage.run(stage.bin / "python", "-B", "-c", _OWN_PREDICTION, document, cwd=code))


@dataclass(frozen=True)
class Packaging:
    """Packages the wine model as a REST service.

    Args:
        stage: Where.
        base: The base image.
    """

    stage: Stage
    base: str

    def prepare(self) -> None:
        """Write the request, and remove the images of the run before."""
        shutil.rmtree(self.stage.folder / "images", ignore_errors=True)
        (self.stage.folder / "images").mkdir()
        self._request.write_text(json.dumps(self._packaging(), indent=2) + "\n")

    def run(self, name: str) -> Image:
        """Package the model into an OCI image layout.

        Args:
            name: The layout's name in the folder ``images``.
        """
        folder = self.stage.folder / "images" / name
        self._run(f"type=oci,dest={folder}")
        return Image(folder)

    def into_docker(self) -> str:
        """Package the model into the Docker engine and return the image's name."""
        return self._run("type=docker")

    def command(self, output: str) -> str:
        """Return the command in words that a user can repeat."""
        return f"odahuflowctl local pack run -f {self._request.name} --output {output}"

    @property
    def _request(self) -> Path:
        return self.stage.folder / "packaging.json"

    def _run(self, output: str) -> str:
        command = (self.stage.bin / "odahuflowctl", "local", "pack", "run", "-f", self._request)
        archive = self.stage.folder / "model" / _ARCHIVE
        image = "jsonpath=$[0].status.results[0].value"
        return self.stage.run(*command, "--artifact", archive, "--output", output, "-o", image).strip()

    def _packaging(self) -> Mapping[str, object]:
        spec = {
            "integrationName": "docker-rest",
            "artifactName": _ARCHIVE,
            "arguments": {
                "imageName": "odahu-pack-demo/wine:{{ Version }}",
                "dockerfileBaseImage": self.base,
            },
        }
        return {"kind": "ModelPackaging", "id": "wine-rest", "spec": spec}
