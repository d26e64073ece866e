"""Base images that are named by where they are."""

import pytest

from odahu_pack_core.errors import PlanError, SpecError
from odahu_pack_core.plan.base_location import BaseLocation
from odahu_pack_core.plan.python_choice import choose_base


@pytest.mark.parametrize(
    ("text", "location", "name"),
    [
        ("oci:bases/python", BaseLocation("oci", "bases/python"), "localhost/python"),
        (
            "oci:/srv/Bases/My Base:3.11",
            BaseLocation("oci", "/srv/Bases/My Base", "3.11"),
            "localhost/my-base:3.11",
        ),
        ("oci:C:/x", BaseLocation("oci", "C:/x"), "localhost/x"),
        ("oci:python", BaseLocation("oci", "python"), "localhost/python"),
        ("oci:.", BaseLocation("oci", "."), "localhost/base"),
        ("oci:base.tar:1", BaseLocation("oci", "base.tar", "1"), "localhost/base:1"),
        ("docker-archive:saved.tar.gz", BaseLocation("docker-archive", "saved.tar.gz"), "localhost/saved"),
        ("docker-archive:a:b", BaseLocation("docker-archive", "a:b"), "localhost/a-b"),
    ],
)
def test_a_location_is_read_and_has_a_name(text, location, name):
    found = BaseLocation.parse(text)

    assert found == location
    assert str(found) == text
    assert str(found.reference) == name


@pytest.mark.parametrize(
    "text", ["python:3.11", "registry.example:443/oci:1", "ocify:1", "oci", "docker-archive"]
)
def test_other_names_are_no_locations(text):
    assert BaseLocation.parse(text) is None


@pytest.mark.parametrize("text", ["oci:", "docker-archive:", "oci:a\0b"])
def test_a_location_without_a_path_is_refused(text):
    with pytest.raises(SpecError, match="names no path"):
        BaseLocation.parse(text)


def test_a_located_base_shows_no_python_and_is_under_no_registry():
    base, decisions = choose_base("==3.9.*", "oci:/srv/python:3.11", pull_uri="registry.example/team")

    assert str(base.reference) == "localhost/python:3.11"
    assert (base.python, base.explicit, base.location) == (
        "3.9",
        True,
        BaseLocation("oci", "/srv/python", "3.11"),
    )
    assert [decision.subject for decision in decisions] == ["Python"]


def test_without_a_pin_its_own_python_is_taken():
    base, decisions = choose_base("", "docker-archive:saved.tar")

    assert base.python is None
    assert decisions[0].choice == "that of docker-archive:saved.tar"


def test_a_pin_that_nobody_supports_is_still_refused():
    with pytest.raises(PlanError):
        choose_base("==2.7.*", "oci:/srv/python")
