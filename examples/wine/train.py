"""Train the wine model and write it as a GPPI project, as a folder and as an archive.

The model is pinned to the Python and the libraries that trained it. Runs on Python 3.6 and newer
and needs scikit-learn; ``--python`` runs it again with another Python and the scikit-learn of its time.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
ARCHIVE = "wine-model-123456789.zip"  # a gzipped tar all the same, as ODAHU's trainers write it
RUNNING = "{}.{}".format(*sys.version_info)
LAST_SCIKIT_LEARN = {"3.6": "0.24.2", "3.7": "1.0.2", "3.8": "1.3.2", "3.9": "1.6.1", "3.10": "1.7.2"}

PROJECT = """\
binaries:
  type: python
  dependencies: conda
  conda_path: conda.yaml
model:
  name: wine
  version: "0.1"
  workDir: odahuflow_model
  entrypoint: entrypoint
toolchain:
  name: scikit-learn
  version: {scikit_learn}
odahuflowVersion: "1.0"
"""
CONDA = """\
name: wine
channels:
  - conda-forge
dependencies:
  - python={python}
  - pip:
      - joblib=={joblib}
      - numpy=={numpy}
      - scikit-learn=={scikit_learn}
"""


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="where to write the model")
    parser.add_argument("--python", default=RUNNING, metavar="X.Y", help="the Python that trains (this one)")
    parser.add_argument("--alpha", type=float, default=0.05, help="strength of the regularisation (0.05)")
    chosen = parser.parse_args()
    if chosen.python == RUNNING:
        if find_spec("sklearn") is None:
            sys.exit("training needs scikit-learn: pip install scikit-learn")
        print(train(chosen.output, chosen.alpha))
    else:
        train_with(chosen.python, ["--output", str(chosen.output), "--alpha", str(chosen.alpha)])


def train(output: Path, alpha: float) -> Path:
    """Train the model here and return the path of its archive."""
    import joblib  # noqa: PLC0415  # what `--python` asks for may not be installed here
    from sklearn.datasets import load_wine  # noqa: PLC0415  # as above
    from sklearn.linear_model import ElasticNet  # noqa: PLC0415  # as above
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415  # as above
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415  # as above

    wine = load_wine()
    model = make_pipeline(StandardScaler(), ElasticNet(alpha=alpha, random_state=0))
    model.fit(wine.data, wine.target)
    project = output / "wine"
    code = project / "odahuflow_model"
    code.mkdir(parents=True, exist_ok=True)
    shutil.copy(str(HERE / "odahuflow_model" / "entrypoint.py"), str(code))
    joblib.dump(model, str(code / "model.joblib"))
    features = [
        {"name": name, "type": "number", "required": True, "example": round(float(value), 3)}
        for name, value in zip(wine.feature_names, wine.data[0])  # noqa: B905  # zip's strict is not in 3.6
    ]
    (code / "features.json").write_text(json.dumps(features, indent=2))
    versions = {"python": RUNNING, **library_versions()}
    (project / "conda.yaml").write_text(CONDA.format(**versions))
    (project / "odahuflow.project.yaml").write_text(PROJECT.format(**versions))
    with tarfile.open(str(output / ARCHIVE), "w:gz") as archive:
        for path in sorted(project.rglob("*")):
            if "__pycache__" not in path.parts:
                archive.add(str(path), arcname=str(path.relative_to(project)), recursive=False)
    return output / ARCHIVE


def library_versions() -> dict:
    """Return the versions that can read the model back: those that wrote it."""
    import joblib  # noqa: PLC0415  # as in train
    import numpy as np  # noqa: PLC0415  # as in train
    import sklearn  # noqa: PLC0415  # as in train

    return {
        "joblib": joblib.__version__,
        "numpy": np.__version__,
        "scikit_learn": sklearn.__version__,
    }


def train_with(python: str, arguments: list) -> None:
    """Run this script with another Python and the last scikit-learn that it can have."""
    interpreter = find_python(python)
    release = LAST_SCIKIT_LEARN.get(python)
    with tempfile.TemporaryDirectory() as libraries:
        # pip's resolver of old asks for a compiler; uv installs for Pythons that it does not run on.
        install = [find_uv(), "pip", "install", "--quiet", "--only-binary", ":all:", "--target", libraries]
        wanted = f"scikit-learn=={release}" if release else "scikit-learn"
        subprocess.run([*install, "--python-version", python, wanted], check=True)  # noqa: S603  # its own words
        environ = {**os.environ, "PYTHONPATH": libraries}
        subprocess.run([interpreter, __file__, *arguments], env=environ, check=True)  # noqa: S603  # as above


def find_python(python: str) -> str:
    """Return an interpreter of a version: pyenv's, else the one on PATH."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = sorted(root.glob(f"versions/{python}.*/bin/python"))
    interpreter = str(found[-1]) if found else shutil.which(f"python{python}")
    if interpreter is None:
        sys.exit(f"there is no Python {python} here: install it with pyenv, or put python{python} on PATH")
    return interpreter


def find_uv() -> str:
    """Return the uv beside this Python, where odahu-pack's installation puts it, else the one on PATH."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        sys.exit("training with another Python needs uv: pip install uv")
    return uv


if __name__ == "__main__":
    main()
