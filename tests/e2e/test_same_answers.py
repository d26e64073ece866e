"""The same model gives the same answers, files and settings whichever engine made its image."""

import pytest

from odahu_pack_core import package_model
from odahu_pack_core.testing import KnownRegistry
from tests.core.engine.parts import storage_of_buildah
from tests.e2e.parts import (
    THREE_FEATURES,
    TWO_ROWS,
    call,
    connection,
    gppi_project,
    packaging,
    pull_by_digest,
    served,
)

pytestmark = [pytest.mark.engine, pytest.mark.registry, pytest.mark.slow]

ENGINES = ("oci", "docker", "buildah")
# What a builder makes at mount points of its own is no part of what the plan asks for.
OURS = ("/opt/", "/tmp", "/volume")


@pytest.fixture
def images(program, registry, base_python, tmp_path, monkeypatch):
    """Package one model with each engine; returns what was published, by engine."""
    program("buildah")
    base_python("3.11")
    for name, value in storage_of_buildah(tmp_path).items():
        monkeypatch.setenv(name, value)
    project = gppi_project(tmp_path / "project", THREE_FEATURES, pip=["six==1.16.0"])

    def package(engine):
        request = packaging("docker-rest", imageName=f"wine-{engine}:1")
        ways = [connection(registry)]
        return package_model(request, artifact=project, connections=ways, engine=engine).image

    return {engine: package(engine) for engine in ENGINES}


def test_one_model_from_three_engines(client, registry, images):
    answers, trees, settings = [], [], []
    known = KnownRegistry(registry.host, registry.username, registry.password)
    for published in images.values():
        with served(client, pull_by_digest(client, registry, published)) as address:
            answers.append([call(f"{address}/api/model/{what}", document) for what, document in ASKED])
        image = known.image(published.reference.repository, published.digest)
        trees.append({path: each for path, each in image.tree.entries.items() if path.startswith(OURS)})
        settings.append((image.env, {key: image.settings.get(key) or None for key in SETTINGS}))

    assert answers[0][1] == (200, {"prediction": [[0.6875], [2.0]], "columns": ["predictions"]})
    assert answers[0] == answers[1] == answers[2]
    assert trees[0] == trees[1] == trees[2]
    assert settings[0] == settings[1] == settings[2]


ASKED = (("info", None), ("invoke", TWO_ROWS), ("invoke", {"columns": ["features"]}))
SETTINGS = ("Cmd", "Entrypoint", "ExposedPorts", "Labels", "User", "WorkingDir")
