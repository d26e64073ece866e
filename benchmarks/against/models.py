"""Models to package: the wine example with large weights beside it, as every contender begins with it."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

TRAIN = Path(__file__).parents[2] / "examples" / "wine" / "train.py"
WEIGHTS = 10_000_000
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


def trained(folder: Path, alpha: float) -> Path:
    """Train the wine model and return its project."""
    command = [sys.executable, str(TRAIN), "--output", str(folder), "--alpha", str(alpha)]
    subprocess.run(command, env=dict(os.environ), check=True, capture_output=True)
    return folder / "wine"


def with_weights(project: Path, folder: Path, name: str = "wine") -> Model:
    """Return a copy of a model with new random weights beside it, which do not compress.

    Args:
        project: A trained model's project.
        folder: Of the copy; must not exist.
        name: Of the model.
    """
    shutil.copytree(project, folder)
    manifest = folder / "odahuflow.project.yaml"
    manifest.write_text(manifest.read_text().replace("name: wine\n", f"name: {name}\n"))
    model = Model(name, folder)
    (model.files / "weights.bin").write_bytes(os.urandom(WEIGHTS))
    return model
