"""A Dockerfile as a good engineer writes it, with uv and byte code, weights last; then ``docker push``."""

import shutil
import uuid
from pathlib import Path

from benchmarks.against.arena import Arena
from benchmarks.against.contender import Command, Packaging
from benchmarks.against.models import REQUIREMENTS, Model
from benchmarks.asgi import asgi_app

# uv is mounted, not copied, and keeps no cache: the layer of dependencies is the cache. What it unpacks
# and what it installs lie on one file system then, where links cost nothing.
_DOCKERFILE = """\
FROM {base}
WORKDIR /app
COPY requirements.txt .
RUN --mount=from={uv},source=/uv,target=/usr/local/bin/uv \\
    uv pip install --system --no-cache --compile-bytecode --requirement requirements.txt
COPY serve.py .
COPY model model
USER 65532:0
EXPOSE 5000
ENTRYPOINT ["uvicorn", "--host=0.0.0.0", "--port=5000", "serve:app"]
"""
_ANSWERED = """\
import json

import joblib

model = joblib.load("/app/model/model.joblib")


def answered(body):
    return json.dumps({"prediction": model.predict(json.loads(body)["data"]).tolist()}).encode()
"""
_SERVER = ("uvicorn", "httptools")


class ByHand:
    """Builds one Dockerfile with BuildKit.

    Args:
        arena: The round's ground.
    """

    title = "by hand"

    def __init__(self, arena: Arena) -> None:
        self._arena = arena

    def take_over(self, model: Model) -> Packaging:
        """Write a build context with the model's files."""
        context = self._arena.folder / "by-hand" / uuid.uuid4().hex
        shutil.copytree(model.files, context / "model", ignore=shutil.ignore_patterns("*.py"))
        (context / "requirements.txt").write_text("\n".join((*REQUIREMENTS, *_SERVER)))
        (context / "serve.py").write_text(asgi_app(_ANSWERED))
        (context / "Dockerfile").write_text(
            _DOCKERFILE.format(base=self._arena.base, uv=self._arena.uv_image)
        )
        return lambda: self._commands(model, context)

    def _commands(self, model: Model, context: Path) -> list[Command]:
        image = self._arena.new_image(f"by-hand-{model.name}")
        return [["docker", "build", "--quiet", "--tag", image, context], ["docker", "push", "--quiet", image]]
