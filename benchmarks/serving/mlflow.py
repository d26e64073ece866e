"""MLflow: ``mlflow models serve`` with one worker."""

import os
import subprocess
from pathlib import Path

from benchmarks.peers import environment, version_of
from benchmarks.serving.contender import Command, Contender
from benchmarks.serving.model import REQUIREMENTS, ServedModel

TENSORS = "with tensors"
# A model with a signature is what MLflow asks for; it is of columns for data frames, of an array for tensors.
_SAVE = """\
import sys
import joblib, mlflow.sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_wine
path, saved, form = sys.argv[1:]
model, wine = joblib.load(path), load_wine(as_frame=form == "frame").data
if form == "frame":
    model.feature_names_in_ = wine.columns.to_numpy(dtype=object)  # as when it was trained with a frame
signature = infer_signature(wine, model.predict(wine))
kept = {"pip_requirements": ["mlflow"], "serialization_format": "cloudpickle"}
mlflow.sklearn.save_model(model, saved, signature=signature, **kept)
"""


def mlflow(model: ServedModel, folder: Path, *, tensors: bool = False) -> Contender:
    """Save the model as an MLflow model and serve it.

    Args:
        model: What it predicts with.
        folder: An empty folder.
        tensors: Whether rows become an array, which MLflow offers for deep learning; else a data frame.
    """
    programs = environment("serving-mlflow", ("mlflow", *REQUIREMENTS))
    environ = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",  # it starts the uvicorn that it finds there
    }
    saved, form = folder / "saved", "tensor" if tensors else "frame"
    save: Command = [programs / "python", "-c", _SAVE, model.files / "model.joblib", saved, form]
    subprocess.run(save, env={**os.environ, **environ}, check=True, capture_output=True)
    serve = (programs / "mlflow", "models", "serve", "--model-uri", saved, "--env-manager", "local")
    title = f"MLflow {version_of(programs / 'python', 'mlflow')}"
    columns = model.columns
    return Contender(
        f"{title} {TENSORS}" if tensors else title,
        lambda port: [*serve, "--workers", "1", "--port", str(port)],
        "/invocations",
        (lambda rows: {"inputs": rows})
        if tensors
        else (lambda rows: {"dataframe_split": {"columns": columns, "data": rows}}),
        lambda answer: answer["predictions"],
        folder,
        environ,
    )
