"""The model that all serve: an elastic net on 13 features, alone, so that the server is what is measured."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.against.models import REQUIREMENTS, project_of

__all__ = ["REQUIREMENTS", "ServedModel", "served_model"]

_ALPHA = 0.05
# The example scales its features first, which takes longer than the server does.
_TRAIN = """\
import json, sys
import joblib
from sklearn.datasets import load_wine
from sklearn.linear_model import ElasticNet
wine = load_wine()
model = ElasticNet(alpha=float(sys.argv[2]), random_state=0).fit(wine.data, wine.target)
joblib.dump(model, sys.argv[1])
rows = wine.data[:100].tolist()
print(json.dumps([wine.feature_names, rows, model.predict(rows).tolist()]))
"""


@dataclass(frozen=True)
class ServedModel:
    """A trained model and what it predicts.

    Args:
        project: Its GPPI project.
        columns: Names of what it predicts from.
        rows: A hundred rows.
        predictions: One for each row.
    """

    project: Path
    columns: list[str]
    rows: list[list[float]]
    predictions: list[float]

    @property
    def files(self) -> Path:
        """The folder of the entrypoint and of model.joblib."""
        return self.project / "odahuflow_model"


def served_model(folder: Path) -> ServedModel:
    """Train the model in a new folder."""
    project = project_of(folder, _ALPHA)
    command = [sys.executable, "-c", _TRAIN, str(project / "odahuflow_model" / "model.joblib"), str(_ALPHA)]
    trained = subprocess.run(command, check=True, capture_output=True, text=True)
    return ServedModel(project, *json.loads(trained.stdout))
