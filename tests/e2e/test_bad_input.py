"""What goes wrong outside: each a clear error of its family, and nothing is left behind."""

import os
import subprocess

import pytest

from odahu_pack_core import (
    ArtifactError,
    DependencyError,
    EngineError,
    ImageOutput,
    PlanError,
    RegistryError,
    package_model,
)
from tests.e2e.parts import THREE_FEATURES, connection, gppi_project, packaging

pytestmark = [pytest.mark.engine, pytest.mark.registry, pytest.mark.usefixtures("leaves_nothing")]


@pytest.fixture
def project(project, base_python):
    base_python("3.11")
    return project


def test_an_engine_that_is_not_running(project, registry, monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(EngineError, match=r"nobody\.sock"):
        package_model(
            packaging("docker-rest"), artifact=project, connections=[connection(registry)], engine="docker"
        )


def test_a_registry_that_refuses_the_password(project, registry):
    wrong = connection(registry, password="wrong-password")
    with pytest.raises(RegistryError) as caught:
        package_model(packaging("docker-rest"), artifact=project, connections=[wrong])
    assert registry.host in str(caught.value)
    assert "test-docker-registry" in str(caught.value)
    assert "wrong-password" not in str(caught.value)


def test_a_dependency_that_no_index_has(tmp_path, base_python, registry):
    base_python("3.11")
    project = gppi_project(tmp_path / "project", THREE_FEATURES, pip=["no-such-package-for-odahu-pack==1"])
    with pytest.raises(DependencyError, match="no-such-package-for-odahu-pack"):
        package_model(packaging("docker-rest"), artifact=project, connections=[connection(registry)])


def test_a_base_that_holds_another_python(registry, base, tmp_path):
    reference = base("debian")
    other = gppi_project(tmp_path / "other", THREE_FEATURES, python="3.7")
    with pytest.raises(PlanError, match=r"3\.11.*3\.7|3\.7.*3\.11"):
        package_model(
            packaging("docker-rest", dockerfileBaseImage=reference),
            artifact=other,
            connections=[connection(registry)],
        )


def test_a_base_that_exists_nowhere(project, registry):
    with pytest.raises(RegistryError, match=r"python:3\.11-nowhere"):
        package_model(
            packaging("docker-rest", dockerfileBaseImage="python:3.11-nowhere"),
            artifact=project,
            connections=[connection(registry)],
        )


@pytest.fixture
def tiny_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "tiny"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_for_the_unpacked_artifact(project, registry, tiny_disk, tmp_path, monkeypatch):
    (project / "weights").write_bytes(os.urandom(8 * 1024 * 1024))
    archive = tmp_path / "model.zip"
    subprocess.run(["tar", "-czf", archive, "-C", project, "."], check=True)
    monkeypatch.setattr("tempfile.tempdir", str(tiny_disk))
    with pytest.raises(ArtifactError, match="no space"):
        package_model(packaging("docker-rest"), artifact=archive, connections=[connection(registry)])
    assert not list(tiny_disk.iterdir())


def test_a_full_disk_for_the_cache(tmp_path, base_python, registry, tiny_disk, monkeypatch):
    base_python("3.11")
    project = gppi_project(tmp_path / "project", THREE_FEATURES, dependencies=["numpy=1.26"])
    monkeypatch.setenv("ODAHU_PACK_CACHE_DIR", str(tiny_disk / "cache"))
    with pytest.raises(DependencyError, match="no space"):
        package_model(packaging("docker-rest"), artifact=project, connections=[connection(registry)])
    assert not list((tiny_disk / "cache").rglob("*.tar"))


def test_a_full_disk_for_a_written_context(project, registry, tiny_disk):
    (project / "weights").write_bytes(os.urandom(8 * 1024 * 1024))
    with pytest.raises(EngineError, match=r"(?i)no space"):
        package_model(
            packaging("docker-rest"),
            artifact=project,
            connections=[connection(registry)],
            output=ImageOutput("context", tiny_disk / "context"),
        )
    assert not list(tiny_disk.iterdir())


def test_an_interrupted_build_leaves_nothing(project, registry):
    class StoppedError(Exception):
        pass

    def interrupt(event):
        if event.type == "output" or getattr(event, "step", "") == "build":
            raise StoppedError

    with pytest.raises(StoppedError):
        package_model(
            packaging("docker-rest"), artifact=project, connections=[connection(registry)], on_event=interrupt
        )
