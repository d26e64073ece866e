"""BentoML: ``bentoml serve`` with one worker, with and without its adaptive batching."""

from pathlib import Path

from benchmarks.peers import environment, version_of
from benchmarks.serving.contender import Contender
from benchmarks.serving.model import REQUIREMENTS, ServedModel

BATCHING = "with batching"
_SERVICE = """\
import bentoml
import joblib
import numpy as np


@bentoml.service(workers=1)
class Wine:
    def __init__(self):
        self.model = joblib.load({model!r})

    @bentoml.api(batchable={batching})
    def predict(self, rows: {rows}) -> {rows}:
        return self.model.predict(rows){converted}
"""


def bentoml(model: ServedModel, folder: Path, *, batching: bool) -> Contender:
    """Write a service, as quick as its documentation has it.

    Args:
        model: What it predicts with.
        folder: An empty folder.
        batching: Whether rows that wait together are predicted together.
    """
    programs = environment("serving-bentoml", ("bentoml", *REQUIREMENTS))
    # Lists are quicker than arrays, except to batch.
    form = {"rows": "np.ndarray", "converted": ""} if batching else {"rows": "list", "converted": ".tolist()"}
    service = _SERVICE.format(model=str(model.files / "model.joblib"), batching=batching, **form)
    (folder / "service.py").write_text(service)
    title = f"BentoML {version_of(programs / 'python', 'bentoml')}"
    return Contender(
        f"{title} {BATCHING}" if batching else title,
        lambda port: [
            programs / "bentoml",
            "serve",
            "service:Wine",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ],
        "/predict",
        lambda rows: {"rows": rows},
        lambda answer: answer,
        folder,
        {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(folder)},
    )
