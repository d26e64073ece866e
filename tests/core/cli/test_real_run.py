"""``local pack run`` and ``cache`` on a real engine and a real registry."""

import json
import re
from contextlib import closing

import docker
import pytest

from odahu_pack_core.testing import KnownRegistry

pytestmark = [pytest.mark.engine, pytest.mark.registry]

RUN = ("local", "pack", "run", "-f", "pack.yaml")
PACKAGING = """\
kind: ModelPackaging
id: wine
spec:
  integrationName: docker-rest
  artifactName: wine.zip
  arguments: {{imageName: "{name}"}}
  targets: [{{name: docker-push, connectionName: press}}]
---
kind: Connection
id: press
spec:
  type: docker
  uri: {host}/odahuflow
  username: {username}
  password: {{env: REGISTRY_PASSWORD}}
"""


@pytest.fixture
def packaging(project, registry, base_python, monkeypatch):
    """``pack.yaml`` for docker-rest and a registry with a password, which a variable holds."""
    base_python("3.11")
    monkeypatch.setenv("REGISTRY_PASSWORD", registry.password)

    def write(name="wine:cli"):
        text = PACKAGING.format(name=name, host=registry.host, username=registry.username)
        (project / "pack.yaml").write_text(text, encoding="utf-8")

    write()
    return write


@pytest.fixture
def client(engine):
    """A client of the engine."""
    with closing(docker.DockerClient(base_url=engine.host)) as with_engine:
        yield with_engine


@pytest.mark.usefixtures("packaging")
def test_what_is_printed_is_in_the_registry(odahuflowctl, registry):
    finished = odahuflowctl(*RUN)
    assert finished.code == 0, finished.err
    results = dict(line.split(": ", 1) for line in finished.out.splitlines())
    assert results["image"] == f"{registry.host}/odahuflow/wine:cli"
    known = KnownRegistry(registry.host, registry.username, registry.password)
    assert known.digest("odahuflow/wine", "cli") == results["digest"]
    assert registry.password not in finished.err


@pytest.mark.usefixtures("packaging")
def test_events_of_a_real_run(odahuflowctl, registry):
    finished = odahuflowctl(*RUN, "--events", "json")
    events = [json.loads(line) for line in finished.out.splitlines()]
    assert (finished.code, finished.err) == (0, ""), events[-1]
    assert {event["step"] for event in events if event["type"] == "step-started"} >= {"resolve", "build"}
    assert events[-1]["results"][0] == {"name": "image", "value": f"{registry.host}/odahuflow/wine:cli"}
    assert registry.password not in finished.out


@pytest.mark.usefixtures("packaging")
def test_a_wrong_password_is_16(odahuflowctl, monkeypatch):
    monkeypatch.setenv("REGISTRY_PASSWORD", "wrong-password")
    finished = odahuflowctl(*RUN)
    assert (finished.code, finished.out) == (16, ""), finished.err
    assert "wrong-password" not in finished.err


@pytest.mark.usefixtures("packaging")
def test_an_engine_that_is_not_running_is_15(odahuflowctl, tmp_path):
    finished = odahuflowctl(*RUN, "--engine", "docker", DOCKER_HOST=f"unix://{tmp_path}/nowhere.sock")
    assert (finished.code, finished.out) == (15, ""), finished.err
    assert "nowhere.sock" in finished.err


@pytest.mark.usefixtures("project")
def test_a_cache_is_a_base_that_saves_installing(odahuflowctl, packaging, client):
    words = ("--conda", "wine/conda.yaml", "--image", "wine-cache:cli", "--output", "type=docker")
    finished = odahuflowctl("local", "pack", "cache", *words)
    assert finished.code == 0, finished.err
    assert finished.out.startswith("image: wine-cache:cli\n")
    assert finished.err.endswith("use it with spec.arguments.dockerfileBaseImage: wine-cache:cli\n")

    packaging('wine:cli", dockerfileBaseImage: "wine-cache:cli')
    resolved = odahuflowctl("local", "pack", "plan", "-f", "pack.yaml", "--resolve", "-o", "json")
    client.images.remove("wine-cache:cli")
    assert resolved.code == 0, resolved.err
    (image,) = json.loads(resolved.out)["images"]
    environments = {found["layer"]: found for found in image["environments"]}
    assert (environments["environment"]["mode"], environments["environment"]["packages"]) == ("base", [])


@pytest.mark.usefixtures("packaging")
def test_an_image_in_the_engine_has_its_place_told(odahuflowctl, client):
    finished = odahuflowctl(*RUN, "--output", "type=docker")
    assert finished.code == 0, finished.err
    name = re.search(r"^image: (.+)$", finished.out, re.MULTILINE)[1]
    image = client.images.get(name)
    client.images.remove(name)
    assert image.labels["org.opencontainers.image.title"] == "wine"
    assert "location: the Docker engine" in finished.out
