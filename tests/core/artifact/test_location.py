"""Where an artifact is looked for when only its name is known."""

import pytest

from odahu_pack_core.artifact.location import find_artifact
from odahu_pack_core.errors import ArtifactError
from odahu_pack_core.spec.origin import Origin
from odahu_pack_core.spec.packaging import ModelPackaging


@pytest.fixture
def places(tmp_path):
    folders = {
        name: tmp_path / name for name in ("beside", "current", "output", "home/.odahuflow/training_output")
    }
    for folder in folders.values():
        folder.mkdir(parents=True)
    return folders


@pytest.fixture
def find(tmp_path, places):
    def ask(name="wine.zip", *, environ=None, **spec):
        value = {"id": "x", "spec": {"integrationName": "docker-rest", "artifactName": name, **spec}}
        packaging = ModelPackaging.model_validate(value).written_in(Origin(str(places["beside"] / "x.yaml")))
        variables = {"HOME": str(tmp_path / "home"), **(environ or {})}
        return find_artifact(packaging, variables, places["current"])

    return ask


@pytest.mark.parametrize("name", ["wine.zip", "wine", "wine.tar", "wine.tar.gz", "wine.tgz", "wine.tar.zst"])
@pytest.mark.parametrize("folder", ["beside", "current", "home/.odahuflow/training_output"])
def test_with_or_without_its_suffix_in_each_place(find, places, name, folder):
    (places[folder] / name).touch()
    assert find("wine.zip") == places[folder] / name
    assert find("wine") == places[folder] / name


def test_a_folder_counts(find, places):
    (places["current"] / "wine").mkdir()
    assert find("wine.zip") == places["current"] / "wine"


def test_the_places_are_asked_in_order_and_the_exact_name_first(find, places):
    for folder in ("output", "current", "beside"):
        (places[folder] / "wine.zip").touch()
        (places[folder] / "wine").touch()
        assert (
            find("wine.zip", environ={"LOCAL_MODEL_OUTPUT_DIR": str(places["output"])})
            == places[folder] / "wine.zip"
        )


def test_the_variable_takes_the_place_of_the_default(find, places):
    (places["home/.odahuflow/training_output"] / "wine.zip").touch()
    with pytest.raises(ArtifactError):
        find(environ={"LOCAL_MODEL_OUTPUT_DIR": str(places["output"])})


def test_no_artifact_lists_the_places(find, places):
    with pytest.raises(ArtifactError) as caught:
        find("wine.zip")
    assert caught.value.message.startswith("the artifact 'wine.zip' is in none of these places:\n")
    for folder in ("beside", "current", "home/.odahuflow/training_output"):
        assert f"\n  {places[folder]}/wine.zip\n" in caught.value.message + "\n"
    assert "--artifact" in caught.value.hint


def test_a_storage_that_cannot_be_read_yet_is_named(find):
    with pytest.raises(ArtifactError, match="outputConnection 'my-bucket' cannot be read yet"):
        find(outputConnection="my-bucket")


def test_a_packaging_without_an_artifact(find):
    with pytest.raises(ArtifactError) as caught:
        find(None)
    assert "spec.artifactName is missing" in caught.value.message
    assert "--artifact" in caught.value.hint
