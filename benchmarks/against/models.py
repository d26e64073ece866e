"""Models to package: the wine example with large weights beside it, as every contender begins with it."""

import os
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.packaging import trained

WEIGHTS = 10_000_000
_CHUNK = 2**24
REQUIREMENTS = tuple(f"{name}=={version(name)}" for name in ("joblib", "numpy", "scikit-learn"))


@dataclass(frozen=True)
class Model:
    """A trained model.

    Args:
        name: Of the model.
        project: Its GPPI project; what others are given is in ``files``.
    """

    name: str
    project: Path

    @property
    def files(self) -> Path:
        """The folder that holds model.joblib and weights.bin."""
        return self.project / "odahuflow_model"

    @property
    def weights(self) -> Path:
        """The file of weights."""
        return self.files / "weights.bin"


def project_of(folder: Path, alpha: float) -> Path:
    """Train the wine model in a new folder and return its GPPI project."""
    return trained(folder, alpha).with_name("wine")


def with_weights(project: Path, folder: Path, name: str = "wine", size: int = WEIGHTS) -> Model:
    """Return a copy of a model with new random weights beside it, which do not compress.

    Args:
        project: A trained model's project.
        folder: Of the copy; must not exist.
        name: Of the model.
        size: Of the weights, in bytes.
    """
    shutil.copytree(project, folder)
    manifest = folder / "odahuflow.project.yaml"
    manifest.write_text(manifest.read_text().replace("name: wine\n", f"name: {name}\n"))
    model = Model(name, folder)
    with model.weights.open("wb") as file:
        for begin in range(0, size, _CHUNK):
            file.write(os.urandom(min(_CHUNK, size - begin)))
    return model
