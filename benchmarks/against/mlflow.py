"""MLflow: ``mlflow.models.build_docker``, then ``docker push``."""

import subprocess
import uuid
from pathlib import Path

from benchmarks.against.arena import Arena
from benchmarks.against.contender import Command, Packaging
from benchmarks.against.models import REQUIREMENTS, Model
from benchmarks.peers import peer, version_of

_SAVE = """\
import shutil, sys
from pathlib import Path
import joblib, mlflow.sklearn
files, saved, *requirements = sys.argv[1:]
model = joblib.load(Path(files, "model.joblib"))
mlflow.sklearn.save_model(model, saved, pip_requirements=requirements, serialization_format="cloudpickle")
shutil.copy(Path(files, "weights.bin"), saved)
"""
# The command of the same name takes no base image. The base has the right Python, so that no environment
# has to be made in it, and neither pyenv nor conda to be installed: the quickest of MLflow's ways.
_BUILD = """\
import sys
from mlflow.models import build_docker
model, name, base = sys.argv[1:]
build_docker(model_uri=model, name=name, base_image=base, env_manager="local")
"""


class Mlflow:
    """Packages an MLflow model.

    Args:
        arena: The round's ground.
    """

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._python = peer("mlflow") / "python"
        version = version_of(self._python, "mlflow")
        self._requirements = (f"mlflow=={version}", *REQUIREMENTS)
        self.title = f"MLflow {version}"

    def take_over(self, model: Model) -> Packaging:
        """Save the model as an MLflow model, with the weights in its folder."""
        saved = self._arena.folder / "mlflow" / uuid.uuid4().hex
        command: Command = [self._python, "-c", _SAVE, model.files, saved, *self._requirements]
        environ = {**self._arena.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
        subprocess.run(command, env=environ, check=True, capture_output=True)
        return lambda: self._commands(model, saved)

    def _commands(self, model: Model, saved: Path) -> list[Command]:
        image = self._arena.new_image(f"mlflow-{model.name}")
        build: Command = [self._python, "-c", _BUILD, saved, image, self._arena.base]
        return [build, ["docker", "push", "--quiet", image]]
