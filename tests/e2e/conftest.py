"""Fixtures of the end-to-end tests: a client of the real engine, a model, and what must be left of them."""

import time

import pytest

from tests.e2e.parts import THREE_FEATURES, docker_client, gppi_project


@pytest.fixture
def client(engine):
    client = docker_client(engine)
    yield client
    client.close()


@pytest.fixture
def project(tmp_path):
    """A model of three features that depends on nothing."""
    return gppi_project(tmp_path / "project", THREE_FEATURES)


@pytest.fixture
def leaves_nothing(client, registry, tmp_path, monkeypatch):
    """Fail a test that leaves a container, a tag or a temporary file behind."""
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    def left():
        containers = {each["Id"] for each in client.api.containers(all=True)}
        names = {name for image in client.api.images() for name in image["RepoTags"] or ()}
        tags = {name for name in names if name.startswith(registry.host)}
        return {*containers, *tags, *map(str, scratch.iterdir())}

    before = left()
    yield
    end = time.monotonic() + 10
    while left() - before and time.monotonic() < end:
        time.sleep(0.2)  # an engine removes a container after it has answered
    assert not left() - before
