"""GPPI artifacts of the models in ``gppi_models``, and plans of their images."""

import json
import shutil
from pathlib import Path

from odahu_pack_core import ArtifactFile, FilesLayer, TextFile, testing
from odahu_pack_core.artifact.gppi import read_gppi
from odahu_pack_core.artifact.tree import list_entries
from odahu_pack_triton.config import parse_config
from odahu_pack_triton.plugin import odahu_pack_packagers

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


def gppi_plan(root, **arguments):
    """Plan the image of an artifact."""
    (record,) = odahu_pack_packagers()
    return testing.plan_of(record, read_gppi(root, list_entries(root)), arguments)


def planned_files(plan):
    """Return the files of all layers by their paths in the image."""
    return {file.path: file for layer in plan.layers if isinstance(layer, FilesLayer) for file in layer.files}


def planned_config(plan):
    """Return the configuration of the model in a plan."""
    (path,) = (path for path in planned_files(plan) if path.endswith("/config.pbtxt"))
    return parse_config(planned_files(plan)[path].content.decode()).message


def write_plan(plan, root, folder):
    """Write the files of a plan below a folder, those of the artifact from its root."""
    for path, file in planned_files(plan).items():
        target = folder / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(file, TextFile):
            target.write_bytes(file.content)
        elif isinstance(file, ArtifactFile):
            shutil.copyfile(root / file.source, target)
