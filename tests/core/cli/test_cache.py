"""``local pack cache``: what is asked for before anything is built."""

import pytest

CACHE = ("local", "pack", "cache", "--conda", "wine/conda.yaml", "--image", "packaging-model-cache:1.0.0")


@pytest.fixture(autouse=True)
def _in_the_project(project):
    """Every test has a conda file."""


def test_an_image_that_would_exist_nowhere_is_refused(odahuflowctl):
    finished = odahuflowctl(*CACHE)
    assert (finished.code, finished.out) == (2, "")
    assert "the image would exist nowhere" in finished.err
    assert "--push" in finished.err


@pytest.mark.parametrize("option", ["--push", "--pull"])
def test_a_connection_that_is_not_there(odahuflowctl, option):
    finished = odahuflowctl(*CACHE, "-f", "pack.yaml", option, "pres")
    assert finished.code == 10
    assert finished.err == "Error: the manifests hold no Connection 'pres'; did you mean 'press'?\n"


def test_a_connection_without_manifests(odahuflowctl):
    finished = odahuflowctl(*CACHE, "--push", "press")
    assert finished.code == 2
    assert "no manifest is given" in finished.err


def test_a_conda_file_that_is_not_there(odahuflowctl):
    words = ("--conda", "nowhere.yaml", "--image", "cache:1", "--output", "type=docker")
    finished = odahuflowctl("local", "pack", "cache", *words)
    assert finished.code == 12
    assert "nowhere.yaml: there is no such file" in finished.err


@pytest.mark.parametrize("missing", ["--conda", "--image"])
def test_conda_file_and_image_are_required(odahuflowctl, missing):
    words = {"--conda": "wine/conda.yaml", "--image": "cache:1"}
    given = [word for name, value in words.items() if name != missing for word in (name, value)]
    finished = odahuflowctl("local", "pack", "cache", *given)
    assert finished.code == 2
    assert f"Missing option '{missing}'" in finished.err
