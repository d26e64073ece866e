"""A model, a packager of a third party, and the way from these to a program that has run."""

import json
import os
import subprocess
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint

import pytest

from odahu_pack_core.pipeline.jobs import Request
from odahu_pack_core.pipeline.local.prepare import LocalRun, prepare_request
from odahu_pack_core.pipeline.surroundings import Surroundings
from odahu_pack_core.plugins.catalog import PluginCatalog
from tests.core.environment.wheelhouse import build_house
from tests.core.pipeline.conftest import CORE, packaging

PORCH = EntryPoint("porch", "tests.core.pipeline.local.porch", "odahu_pack")
MANIFEST = {
    "binaries": {"type": "python", "dependencies": "conda", "conda_path": "conda.yaml"},
    "model": {"name": "wine", "version": "0.1", "workDir": ".", "entrypoint": "model"},
}


@pytest.fixture(scope="session")
def house(tmp_path_factory):
    """A folder of wheels, in place of an index."""
    return build_house(tmp_path_factory.mktemp("wheelhouse"))


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory):
    """A cache in which environments are made once for all tests that do not look into it."""
    return tmp_path_factory.mktemp("local-cache")


@pytest.fixture
def model(tmp_path):
    """A model in a folder."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "odahuflow.project.yaml").write_text(json.dumps(MANIFEST))
    (folder / "conda.yaml").write_text("dependencies: []\n")
    (folder / "model.py").write_text("def answer():\n    return 'first'\n")
    return folder


@dataclass
class Porch:
    """Prepares programs, and remembers what was told."""

    environ: dict
    events: list = field(default_factory=list)

    def prepare(self, artifact, arguments="{}", **run):
        request = Request(packaging(f"  arguments: {arguments}\n", integration="porch"), artifact)
        around = Surroundings(PluginCatalog.load([CORE, PORCH]), self.environ, on_event=self.events.append)
        return prepare_request(request, LocalRun(**run), around)

    def told(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def porch(house, home, shared_cache):
    """A user of the third party's packager."""
    settings = home / "uv.toml"
    settings.write_text(f'no-index = true\nfind-links = ["{house}"]\n')
    users = {name: value for name, value in os.environ.items() if name != "TMPDIR"}
    environ = {**users, "UV_CONFIG_FILE": str(settings), "ODAHU_PACK_CACHE_DIR": str(shared_cache)}
    return Porch(environ)


def run(program, **options):
    """Run a program and return its exit code and what it told."""
    finished = subprocess.run(
        program.argv, env=program.environ, cwd=program.cwd, stdout=subprocess.PIPE, check=False, **options
    )
    return finished.returncode, json.loads(finished.stdout or "null")
