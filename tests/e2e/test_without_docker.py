"""What has to run while an image is built, on a machine without a Docker engine."""

import os
from importlib.metadata import EntryPoint

import pytest

from odahu_pack_core.events import Decision
from odahu_pack_core.pipeline.jobs import Request
from odahu_pack_core.pipeline.run import package_request
from odahu_pack_core.pipeline.surroundings import Surroundings
from odahu_pack_core.plugins.catalog import PluginCatalog
from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.testing import KnownRegistry, write_files
from tests.core.engine.parts import shell_image, storage_of_buildah
from tests.core.pipeline.conftest import CORE, packaging

pytestmark = [pytest.mark.engine, pytest.mark.registry]

GREETER = EntryPoint("greeter", "tests.core.pipeline.greeter", "odahu_pack")
ADDER = EntryPoint("adder", "tests.e2e.run_adder", "odahu_pack")
SPEC = """\
  targets: [{{name: docker-push, connectionName: ours}}, {{name: docker-pull, connectionName: ours}}]
  arguments: {{baseImage: "{base}"}}
"""


def test_auto_takes_buildah_and_says_why(program, registry, tmp_path, monkeypatch):
    program("buildah")
    known = KnownRegistry(registry.host, registry.username, registry.password)
    known.push("contract/shell", "1", *shell_image())
    monkeypatch.setenv("REGISTRY_PASSWORD", registry.password)
    spec = {"type": "docker", "uri": f"{registry.host}/notes", "username": registry.username}
    password = {"password": {"env": "REGISTRY_PASSWORD"}}
    connection = Connection.model_validate({"id": "ours", "spec": {**spec, **password}})
    note = write_files(tmp_path / "model", {"note.txt": "a note"})
    request = Request(packaging(SPEC.format(base=f"{registry.host}/contract/shell:1")), note, (connection,))
    absent = {"DOCKER_HOST": f"unix://{tmp_path}/no-docker.sock", "PAPER": str(tmp_path)}
    environ = {**os.environ, **absent, **storage_of_buildah(tmp_path)}
    events = []

    catalog = PluginCatalog.load([CORE, GREETER, ADDER])
    result = package_request(request, Surroundings(catalog, environ, on_event=events.append))

    (decision,) = [event for event in events if isinstance(event, Decision) and event.subject == "engine"]
    assert decision.choice == "buildah"
    assert f"no Docker engine answers at {absent['DOCKER_HOST']}" in decision.reason
    image = known.image("notes/note", "1.0")
    assert dict(result.results)["digest"] == image.manifest_digest
    assert image.tree["/checked"].content == b"a note"
