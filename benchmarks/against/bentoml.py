"""BentoML: ``bentoml build`` and ``bentoml containerize``, then ``docker push``."""

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

from benchmarks.against.arena import Arena
from benchmarks.against.contender import Command, Packaging
from benchmarks.against.models import REQUIREMENTS, Model
from benchmarks.peers import peer, version_of

_SAVE = """\
import shutil, sys
import bentoml
name, files = sys.argv[1:]
with bentoml.models.create(name) as model:
    shutil.copytree(files, model.path, dirs_exist_ok=True)
"""
# A distribution would have packages of apt installed, which a model of scikit-learn has no need of.
_SERVICE = """\
import bentoml

image = bentoml.images.Image(base_image={base!r}, distro="none", lock_python_packages=False)
image = image.python_packages(*{requirements!r})

@bentoml.service(name={name!r}, image=image)
class Wine:
    model = bentoml.models.BentoModel("{name}:latest")

    def __init__(self):
        import joblib
        self.loaded = joblib.load(self.model.path_of("model.joblib"))

    @bentoml.api
    def predict(self, rows: list) -> list:
        return self.loaded.predict(rows).tolist()
"""


class Bentoml:
    """Packages a model of BentoML's store.

    Args:
        arena: The round's ground.
    """

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._programs = peer("bentoml")
        self.title = f"BentoML {version_of(self._programs / 'python', 'bentoml')}"

    def take_over(self, model: Model) -> Packaging:
        """Put the model into BentoML's store and write a service for it."""
        command: Command = [self._programs / "python", "-c", _SAVE, model.name, model.files]
        subprocess.run(command, env=dict(self._arena.environ), check=True, capture_output=True)
        service = _SERVICE.format(base=self._arena.base, requirements=REQUIREMENTS, name=model.name)
        folder = self._arena.folder / "bentoml-services" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        (folder / "service.py").write_text(service)
        return lambda: self._commands(model, folder)

    def _commands(self, model: Model, folder: Path) -> Iterator[Command]:
        """Build the Bento once: where nothing changed, its user has it."""
        image = self._arena.new_image(f"bentoml-{model.name}")
        program, version = self._programs / "bentoml", folder.name
        if not (self._arena.folder / "bentoml" / "bentos" / model.name / version).exists():
            yield [program, "build", "--version", version, folder]
        yield [program, "containerize", f"{model.name}:{version}", "--image-tag", image]
        yield ["docker", "push", "--quiet", image]
