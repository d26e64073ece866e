"""Ground to package on: a real engine, registries with a password, and ``odahuflowctl`` as users run it."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import Usage, measured
from workbench import BaseImages, DockerEngine, Registry

COMMAND = Path(sys.executable).with_name("odahuflowctl")
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
_BASE = "odahu-pack-benchmark/python"


@dataclass
class Ground:
    """What one packaging after another is measured on; each starts where the one before ended.

    Args:
        folder: Where manifests are written.
        environ: Environment variables, with the engine's address and caches that begin empty.
        registry: Receives the images.
        base: An image with this Python which no cache of the engine knows.
    """

    folder: Path
    environ: Mapping[str, str]
    registry: Registry
    base: str
    images: list[str] = field(default_factory=list)

    def package(self, artifact: Path, engine: str = "auto") -> Usage:
        """Package a model with docker-rest and return what the command used.

        Args:
            artifact: The model.
            engine: Which builds.
        """
        request, connection = (
            self._written("request.json", _REQUEST),
            self._written("connection.json", _CONNECTION),
        )
        run: list[str | Path] = [COMMAND, "local", "pack", "run", "--events", "json"]
        run += ["--engine", engine]
        usage = measured([*run, "-d", request, "-d", connection, "--artifact", artifact], self.environ)
        results = json.loads(usage.stdout.splitlines()[-1])["results"]
        self.images.append(next(result["value"] for result in results if result["name"] == "image"))
        return usage

    def pull(self) -> str:
        """Bring the image that was packaged last into the engine, and return its name."""
        registry = self.registry
        login = ("login", registry.host, "--username", registry.username or "", "--password-stdin")
        self.docker(*login, text=registry.password or "")
        self.docker("pull", "--quiet", self.images[-1])
        return self.images[-1]

    def docker(self, *arguments: str, text: str = "") -> str:
        """Run a docker command and return its stdout."""
        command = ["docker", *arguments]
        ended = subprocess.run(
            command, env=dict(self.environ), input=text, capture_output=True, text=True, check=True
        )
        return ended.stdout.strip()

    def _written(self, name: str, template: str) -> Path:
        path = self.folder / name
        path.write_text(
            template % {"base": self.base, "host": self.registry.host, "user": self.registry.username}
        )
        return path


_REQUEST = """\
{"kind": "ModelPackaging", "id": "benchmark", "spec": {
  "integrationName": "docker-rest",
  "targets": [{"name": "docker-push", "connectionName": "registry"}],
  "arguments": {"dockerfileBaseImage": "%(base)s"}}}
"""
_CONNECTION = """\
{"kind": "Connection", "id": "registry", "spec": {
  "type": "docker", "uri": "%(host)s/benchmark", "username": "%(user)s",
  "password": {"env": "REGISTRY_PASSWORD"}}}
"""


@contextmanager
def fresh_ground(folder: Path) -> Iterator[Ground]:
    """Make ground where nothing was packaged before: empty caches, an empty registry, an unknown base.

    Args:
        folder: An empty folder.
    """
    with ExitStack() as stack:
        engine = stack.enter_context(DockerEngine())
        registry = stack.enter_context(Registry(username="benchmark"))
        environ = fresh_environ(engine, registry, folder)
        ground = Ground(folder, environ, registry, f"{_BASE}:{MINOR}-{uuid.uuid4().hex[:8]}")
        python = BaseImages(engine.environ, engine.state).ensure(f"python{MINOR}")
        stack.callback(lambda: forget([*ground.images, ground.base], environ))
        # A label of its own makes every later step unknown to the engine's build cache.
        dockerfile = f"FROM {python}\nLABEL odahu-pack-benchmark={ground.base}\n"
        ground.docker("build", "--quiet", "--tag", ground.base, "-", text=dockerfile)
        yield ground


def fresh_environ(engine: DockerEngine, registry: Registry, folder: Path) -> dict[str, str]:
    """Return environment variables with a home and caches in an empty folder, and the registry's password."""
    return {
        **engine.environ,
        "REGISTRY_PASSWORD": registry.password or "",
        "ODAHU_PACK_CACHE_DIR": str(folder / "cache"),
        "UV_CACHE_DIR": str(folder / "uv"),
        "HOME": str(folder),
        **_package_indexes(),
    }


def forget(images: Iterable[str], environ: Mapping[str, str]) -> None:
    """Take names away from images of the engine, where they are there."""
    for image in images:
        command = ["docker", "image", "rm", "--force", image]
        subprocess.run(command, env=dict(environ), check=False, capture_output=True)


def _package_indexes() -> dict[str, str]:
    """Return variables that keep the user's settings of pip and uv valid in another home."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    files = {"PIP_CONFIG_FILE": config / "pip" / "pip.conf", "UV_CONFIG_FILE": config / "uv" / "uv.toml"}
    return {name: os.environ.get(name, str(file)) for name, file in files.items() if file.exists()}
