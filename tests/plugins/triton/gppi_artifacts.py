"""GPPI artifacts of the models in ``gppi_models``."""

import json
import shutil
from pathlib import Path

MODELS = Path(__file__).parent / "gppi_models"


def gppi_artifact(folder, model, *, name="wine", version="1.10", dependencies=("numpy",), python=""):
    """Write an artifact; a model is the name of a folder, or the text of an entrypoint."""
    code = folder / "code"
    if "\n" not in model:
        shutil.copytree(MODELS / model, code, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        code.mkdir(parents=True)
        (code / "entrypoint.py").write_text(model)
    pin = [f"python={python}"] if python else []
    conda = {"channels": ["conda-forge"], "dependencies": [*pin, *dependencies]}
    (folder / "conda.yaml").write_text(json.dumps(conda))
    manifest = {
        "binaries": {"type": "python", "dependencies": "conda", "conda_path": "conda.yaml"},
        "model": {"name": name, "version": version, "workDir": "code", "entrypoint": "entrypoint"},
    }
    (folder / "odahuflow.project.yaml").write_text(json.dumps(manifest))
    return folder
