"""Where mirrors are written down, and what is wrong with them."""

import pytest

from odahu_pack_core.engine.oci.bases.mirrors import Place, place_of
from odahu_pack_core.errors import RegistryError, SpecError
from odahu_pack_core.plan.reference import ImageReference
from tests.core.engine.parts import Access

PYTHON = ImageReference.parse("python:3.11")


@pytest.fixture
def config(tmp_path):
    """Write the configuration file, and return the environment that leads to it."""

    def write(text):
        path = tmp_path / "config.yaml"
        path.write_bytes(text)
        return {"ODAHU_PACK_CONFIG": str(path), "HOME": str(tmp_path)}

    return write


def test_without_a_mirror_an_image_is_where_its_name_says(tmp_path):
    environ = {"HOME": str(tmp_path)}

    assert place_of(PYTHON, environ) == Place("docker.io", "python")
    assert place_of(ImageReference.parse("ghcr.io/a/b:1"), environ) == Place("ghcr.io", "a/b")


def test_the_environment_goes_before_the_file_and_the_last_word_wins(config):
    environ = config(b"mirrors: {docker.io: file.example, ghcr.io: file.example/ghcr}")
    environ["ODAHU_PACK_MIRRORS"] = "docker.io=first.example docker.io=last.example:5000/x/y"

    assert place_of(PYTHON, environ) == Place("last.example:5000", "x/y/library/python", "docker.io")
    assert place_of(ImageReference.parse("ghcr.io/a/b"), environ) == Place(
        "file.example", "ghcr/a/b", "ghcr.io"
    )


def test_plain_http_is_spoken_where_it_is_written_and_without_credentials():
    place = place_of(PYTHON, {"ODAHU_PACK_MIRRORS": "docker.io=http://mirror.example:5000/hub", "HOME": "/"})
    access = place.access(Access("docker.io", "jane", "s3cret"))

    assert (place.host, place.repository) == ("mirror.example:5000", "hub/library/python")
    assert access.plain_http
    assert access.credentials() is None
    with pytest.raises(RegistryError):
        access.prepare_push(PYTHON)


def test_credentials_are_for_the_registry_that_they_were_given_for():
    access = Access("Mirror.example", "jane", "s3cret")

    assert Place("mirror.example", "x").access(access) is access
    assert Place("other.example", "x").access(access) is None
    assert Place("mirror.example", "x").access(None) is None


def test_the_users_folder_of_configurations_is_honoured(tmp_path):
    folder = tmp_path / "elsewhere/odahu-pack"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("mirrors: {docker.io: file.example}")
    environ = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "elsewhere")}

    assert place_of(PYTHON, environ).host == "file.example"


@pytest.mark.parametrize("text", [b"", b"{}", b"other: 1", b"mirrors:", b"mirrors: {}"])
def test_a_file_without_mirrors_is_fine(config, text):
    assert place_of(PYTHON, config(text)).host == "docker.io"


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe",
        b"mirrors: [a",
        b"[1, 2]",
        b"mirrors: [docker.io]",
        b"mirrors: {docker.io: 5}",
        b"mirrors: {docker.io: {a: b}}",
        b"mirrors: {hub: registry.example}",
        b"mirrors: {docker.io: 'https://'}",
        b"[" * 10_000,
    ],
)
def test_a_file_that_is_wrong_is_told(config, text):
    with pytest.raises(SpecError):
        place_of(PYTHON, config(text))
