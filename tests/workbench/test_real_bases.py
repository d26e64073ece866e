"""Base images hold what their names say, are built once, and never replace somebody else's."""

import dataclasses
import subprocess

import pytest

from workbench import BaseImages, WorkbenchError
from workbench.recipes.debian import ROOT
from workbench.recipes.recipe import Recipe

pytestmark = pytest.mark.engine

TRIFLE = Recipe(
    name="trifle",
    references=("odahu-pack-workbench-test/trifle:1",),
    dockerfile="FROM @PARENT@\nENV LAYERED=true\n",
    proof=("bash", "-c", "test $LAYERED = true"),
    parent=ROOT,
)


@pytest.fixture
def docker(engine):
    def run(*arguments):
        ended = subprocess.run(
            ["docker", *arguments], env=engine.environ, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    return run


@pytest.fixture
def images(engine, docker):
    yield BaseImages(engine.environ, engine.state)
    for repository in ("odahu-pack-workbench/trifle", "odahu-pack-workbench-test/trifle"):
        for image in docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository).split():
            docker("image", "rm", "--force", image)


def image_id(docker, reference):
    return docker("image", "inspect", "--format", "{{.Id}}", reference)


def test_the_debian_base_has_only_debians_python(docker, base):
    told = docker(
        "run", "--rm", base("debian"), "sh", "-c", "python3 -V; command -v python3; ls /usr/local/bin"
    )
    version, *rest = told.splitlines()
    assert version.startswith("Python 3.11.")
    assert rest == ["/usr/bin/python3"]


@pytest.mark.parametrize(
    ("minor", "references"),
    [
        ("3.6", ["python:3.6-slim", "python:3.6"]),
        ("3.7", ["python:3.7-slim", "python:3.7"]),
        ("3.11", ["python:3.11-slim"]),
    ],
)
def test_a_python_base_has_the_python_of_its_tags(docker, base_python, minor, references):
    assert base_python(minor) == references[0]
    for reference in references:
        told = docker(
            "run", "--rm", reference, "python", "-c", "import sys; print(sys.version); print(sys.path)"
        )
        assert told.startswith(f"{minor}.")
        assert f"/usr/local/lib/python{minor}" in told
        assert f"PYTHON_VERSION={minor}." in docker(
            "image", "inspect", "--format", "{{.Config.Env}}", reference
        )


@pytest.mark.triton
def test_the_triton_base_is_the_server_of_its_release(docker, triton_base):
    script = 'command -v tritonserver; echo "$TRITON_SERVER_VERSION"; ls backends'
    told = docker("run", "--rm", triton_base, "sh", "-c", script)
    assert told.split() == ["/opt/tritonserver/bin/tritonserver", "2.51.0", "python"]


def test_a_base_is_built_once_and_again_when_its_recipe_changes(docker, images):
    reference = images.ensure_recipe(TRIFLE)
    first = image_id(docker, reference)
    assert images.ensure_recipe(TRIFLE) == reference
    assert image_id(docker, reference) == first

    changed = dataclasses.replace(TRIFLE, dockerfile=TRIFLE.dockerfile + "ENV CHERRY=true\n")
    images.ensure_recipe(changed)
    assert image_id(docker, reference) != first
    marks = docker(
        "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "odahu-pack-workbench/trifle"
    ).split()
    assert marks == [changed.mark]


def test_a_base_that_does_not_hold_its_promise_gets_no_name(docker, images):
    lying = dataclasses.replace(TRIFLE, proof=("bash", "-c", "echo this is no trifle >&2; false"))
    with pytest.raises(WorkbenchError, match="this is no trifle"):
        images.ensure_recipe(lying)
    assert docker("image", "ls", "--quiet", *TRIFLE.references) == ""


def test_an_image_of_somebody_else_keeps_its_name(docker, images, tmp_path):
    unnamed = images.ensure_recipe(dataclasses.replace(TRIFLE, references=()))
    (tmp_path / "Dockerfile").write_text(f"FROM {unnamed}\nENV SOMEBODY=else\n")
    theirs = docker("build", "--quiet", "--tag", TRIFLE.references[0], str(tmp_path))
    assert images.ensure_recipe(TRIFLE) == TRIFLE.references[0]
    assert image_id(docker, TRIFLE.references[0]) == theirs
