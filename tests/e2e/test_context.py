"""A written build context: plain ``docker build`` makes the same image of it, offline."""

import subprocess

import pytest

from odahu_pack_core import ImageOutput, package_model
from tests.e2e.parts import THREE_FEATURES, TWO_ROWS, call, connection, gppi_project, packaging, served

pytestmark = [pytest.mark.engine, pytest.mark.registry]


def test_docker_build_makes_the_same_image_offline(client, engine, registry, base_python, tmp_path):
    base_python("3.11")
    project = gppi_project(tmp_path / "project", THREE_FEATURES)
    request, connections = packaging("docker-rest", imageName="wine:context"), [connection(registry)]
    built = package_model(
        request, artifact=project, connections=connections, output=ImageOutput("docker"), engine="docker"
    ).image
    context = tmp_path / "context"
    package_model(request, artifact=project, connections=connections, output=ImageOutput("context", context))

    command = ["docker", "build", "--quiet", "--no-cache", "--network", "none", "--force-rm", str(context)]
    again = subprocess.run(
        command, check=True, capture_output=True, env=engine.environ, text=True
    ).stdout.strip()

    ours, theirs = client.api.inspect_image(str(built.reference)), client.api.inspect_image(again)
    assert theirs["RootFS"]["Layers"] == ours["RootFS"]["Layers"]
    for key in ("Env", "Cmd", "Entrypoint", "Labels", "User", "ExposedPorts"):
        assert theirs["Config"][key] == ours["Config"][key]
    with served(client, again) as address:
        assert call(f"{address}/api/model/invoke", TWO_ROWS)[0] == 200
    client.images.remove(str(built.reference))
