"""The real parts start, refuse who they must refuse, and hold what their names say."""

import subprocess

import pytest

from workbench import BaseImages


def docker(engine, *arguments):
    ended = subprocess.run(
        ["docker", *arguments], env=engine.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.mark.engine
def test_the_engine_answers_and_is_where_the_environment_says(engine, monkeypatch):
    assert docker(engine, "version", "--format", "{{.Server.Os}}") == "linux"
    assert engine.environ["DOCKER_HOST"] == engine.host


@pytest.mark.registry
def test_a_registry_lets_in_only_its_own_user(registry, second_registry):
    own = {"username": registry.username, "password": registry.password}
    assert registry.status() == 401
    assert registry.status(username=registry.username, password="wrong") == 401
    assert registry.status(**own) == 200
    assert second_registry.status(**own) == 401


@pytest.mark.registry
def test_an_anonymous_registry_lets_everybody_in(anonymous_registry):
    assert anonymous_registry.status() == 200


@pytest.mark.engine
@pytest.mark.registry
def test_an_image_goes_to_the_registry_and_comes_back(engine, registry, base, home):
    reference = f"{registry.host}/workbench/round-trip:1"
    docker(engine, "tag", base("debian"), reference)
    login = ["docker", "login", "-u", registry.username, "--password-stdin", registry.host]
    environ = {**engine.environ, "DOCKER_CONFIG": str(home / ".docker")}
    subprocess.run(login, env=environ, input=registry.password, text=True, check=True, capture_output=True)
    try:
        subprocess.run(["docker", "push", "-q", reference], env=environ, check=True, capture_output=True)
        credentials = {"username": registry.username, "password": registry.password}
        assert registry.status("/v2/workbench/round-trip/manifests/1", **credentials) in (200, 404)
        assert any(registry.storage.rglob("round-trip/_manifests/tags/1/current/link"))
    finally:
        docker(engine, "image", "rm", reference)


@pytest.mark.engine
def test_the_debian_base_has_debians_python(engine, base):
    told = docker(engine, "run", "--rm", base("debian"), "/usr/bin/python3", "-V")
    assert told.startswith("Python 3.11.")


@pytest.mark.engine
@pytest.mark.parametrize("minor", ["3.6", "3.7", "3.11"])
def test_a_python_base_has_the_python_of_its_tag(engine, base_python, minor):
    reference = base_python(minor)
    assert reference == f"python:{minor}-slim"
    told = docker(engine, "run", "--rm", reference, "python", "-c", "import os, sys; print(sys.version, os.environ)")
    assert told.startswith(minor + ".")
    assert f"'PYTHON_VERSION': '{minor}." in told


@pytest.mark.engine
@pytest.mark.triton
def test_the_triton_base_says_its_release(engine, triton_base):
    told = docker(engine, "run", "--rm", triton_base, "sh", "-c", "command -v tritonserver; echo $TRITON_SERVER_VERSION")
    assert told.split() == ["/opt/tritonserver/bin/tritonserver", "2.51.0"]


@pytest.mark.engine
def test_an_image_of_somebody_else_keeps_its_name(engine, base, monkeypatch, tmp_path):
    reference = "odahu-pack-workbench-test/taken:1"
    (tmp_path / "Dockerfile").write_text(f"FROM {base('debian')}\nENV SOMEBODY=else\n")
    theirs = docker(engine, "build", "-q", "-t", reference, str(tmp_path))
    images = BaseImages(engine.environ, engine.state)
    try:
        assert not images._is_ours(reference)
        assert images._is_ours("python:3.11-slim") or docker(engine, "image", "inspect", "python:3.11-slim")
        assert docker(engine, "image", "inspect", "-f", "{{.Id}}", reference) == theirs
    finally:
        docker(engine, "image", "rm", reference)
