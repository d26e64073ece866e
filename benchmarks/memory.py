"""How much memory a packaging needs when the weights are large."""

import json
import os
import tarfile
import tempfile
from pathlib import Path

from benchmarks.ground import MINOR, fresh_ground
from benchmarks.report import Figures

GIBIBYTES = 2
_CHUNK = 64 * 2**20
_ENTRYPOINT = """\
def init():
    return "matrix"

def predict_on_matrix(input_matrix, provided_columns_names=None):
    return input_matrix, provided_columns_names or []
"""


def run() -> Figures:
    """Package a model with large weights, from an archive and from a folder."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="odahu-pack-benchmark-") as scratch:
        folder = Path(scratch)
        project = _project(folder / "project")
        archive = folder / "model.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(project, arcname=".")
        (folder / "ground").mkdir()
        with fresh_ground(folder / "ground") as ground:
            for title, artifact in (("folder", project), ("archive", archive)):
                usage = ground.package(artifact)
                rows.append((title, usage.peak_mib, usage.seconds, usage.cpu_seconds))
    return Figures(
        "memory",
        f"A model with {GIBIBYTES} GiB of weights, docker-rest, to a registry",
        ("Artifact", "Peak MiB", "Seconds", "CPU seconds"),
        rows,
        (
            "Peak memory of the command and its children, as the kernel counts it; the engine's is its own.",
            "The weights do not compress. The archive comes second: all but the weights is there by then.",
        ),
    )


def _project(folder: Path) -> Path:
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "entrypoint.py").write_text(_ENTRYPOINT)
    (folder / "conda.yaml").write_text(f"dependencies: [python={MINOR}]\n")
    manifest = {
        "binaries": {"type": "python", "dependencies": "conda", "conda_path": "conda.yaml"},
        "model": {"name": "large", "version": "1", "workDir": "model", "entrypoint": "entrypoint"},
    }
    (folder / "odahuflow.project.yaml").write_text(json.dumps(manifest))
    with (folder / "model" / "weights.bin").open("wb") as weights:
        for _ in range(GIBIBYTES * 2**30 // _CHUNK):
            weights.write(os.urandom(_CHUNK))
    return folder
