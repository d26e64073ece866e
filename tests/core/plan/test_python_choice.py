"""Which Python, and which base image."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from odahu_pack_core.errors import PlanError, SpecError
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.python_choice import SUPPORTED, check_base_python, choose_base, fitting
from odahu_pack_core.plan.reference import ImageReference


def chosen(pin, written=None, **other):
    base, _ = choose_base(pin, written, **other)
    return str(base.reference), base.python


def facts(python):
    return BaseFacts(ImageReference.parse("mine:1"), "", "linux/amd64", python, "/usr/bin/python3")


@pytest.mark.parametrize(
    ("pin", "name", "python"),
    [
        ("", "python:3.6", "3.6"),
        ("==3.6.*", "python:3.6", "3.6"),
        ("==3.6.13.*", "python:3.6", "3.6"),
        ("==3.7.16.*", "python:3.7-slim", "3.7"),
        ("==3.7.*", "python:3.7-slim", "3.7"),
        ("==3.10", "python:3.10-slim", "3.10"),
        (">=3.8,<3.11", "python:3.10-slim", "3.10"),
        (">3.7.5,<3.8", "python:3.7-slim", "3.7"),
        (">=3.6", "python:3.14-slim", "3.14"),
        ("~=3.9", "python:3.14-slim", "3.14"),
        ("~=3.9.1", "python:3.9-slim", "3.9"),
        ("==3.*,!=3.14.*", "python:3.13-slim", "3.13"),
    ],
)
def test_the_pin_decides(pin, name, python):
    assert chosen(pin) == (name, python)


def test_without_a_pin_the_line_to_add_is_told():
    base, decisions = choose_base("", None)
    assert not base.explicit
    assert decisions[0].choice == "3.6"
    assert "- python=3.11" in decisions[0].reason
    assert "conda.yaml" in decisions[0].reason


def test_another_default_may_be_given():
    assert chosen("", default_python="3.11") == ("python:3.11-slim", "3.11")


@pytest.mark.parametrize("pin", ["==2.7.*", "==3.5.*", ">=3.15", "<3.6", ">=3.9,<3.8"])
def test_a_pin_that_nothing_fits_is_an_error(pin):
    for written in (None, "mine:1"):
        with pytest.raises(PlanError, match=r"3\.6 to 3\.14") as told:
            choose_base(pin, written)
        assert pin in told.value.message


def test_a_base_that_is_no_name_of_an_image_is_called_the_base_image():
    with pytest.raises(SpecError, match=r"^the base image: 'Python' is not an image repository"):
        choose_base("", "Python:3.11 slim")


def test_the_documented_example_works():
    assert chosen("==3.7.*", "python:3.7") == ("python:3.7", "3.7")
    assert chosen("", "python:3.7") == ("python:3.7", None)


@pytest.mark.parametrize(
    "name", ["python:3.7", "python:3.7.16-slim", "gcr.io/x/python:3.7-buster", "library/python:3.7"]
)
def test_a_name_that_shows_another_python_is_an_error_that_names_both(name):
    with pytest.raises(PlanError, match=r"3\.11") as told:
        choose_base("==3.11.*", name)
    assert "3.7" in told.value.message
    assert name in told.value.message
    assert "dockerfileBaseImage" in told.value.hint


@pytest.mark.parametrize(
    "name", ["mine:3.7", "python:latest", "python", "python:3", "cpython:3.7", "python3.7:1"]
)
def test_other_names_show_nothing(name):
    base, _ = choose_base("==3.11.*", name)
    assert (base.python, base.explicit) == ("3.11", True)


def test_a_range_takes_what_the_written_base_has():
    assert chosen(">=3.7,<3.11", "python:3.8") == ("python:3.8", "3.8")
    base, _ = choose_base(">=3.7,<3.11", "mine:1")
    assert (base.python, base.python_pin) == (None, ">=3.7,<3.11")
    check_base_python(base, facts("3.8"))
    with pytest.raises(PlanError, match=r">=3\.7,<3\.11") as told:
        check_base_python(base, facts("3.11"))
    assert "Python 3.11" in told.value.message


def test_the_base_is_compared_when_it_is_known():
    base, _ = choose_base("==3.11.*", "mine:1")
    check_base_python(base, facts("3.11"))
    with pytest.raises(PlanError) as told:
        check_base_python(base, facts("3.9"))
    assert "3.11" in told.value.message
    assert "3.9" in told.value.message
    assert "mine:1" in told.value.message
    assert told.value.code == "python-mismatch"


@pytest.mark.parametrize("python", [None, "3.9"])
def test_any_python_will_do_where_none_is_asked_for(python):
    check_base_python(BaseImage(ImageReference.parse("mine:1")), facts(python))


@pytest.mark.parametrize(
    ("written", "uri", "name"),
    [
        (None, "gcr.io/project", "gcr.io/project/python:3.7-slim"),
        ("cache:1.0", "gcr.io/project", "gcr.io/project/cache:1.0"),
        ("team/cache:1.0", "https://gcr.io/project/", "gcr.io/project/team/cache:1.0"),
        ("cache:1.0", "127.0.0.1:5000", "127.0.0.1:5000/cache:1.0"),
        ("gcr.io/other/cache:1.0", "gcr.io/project", "gcr.io/other/cache:1.0"),
        ("cache@sha256:" + "a" * 64, "gcr.io", "gcr.io/cache@sha256:" + "a" * 64),
        ("cache:1.0", None, "cache:1.0"),
    ],
)
def test_a_name_without_a_registry_is_taken_under_the_pull_target(written, uri, name):
    base, decisions = choose_base("==3.7.*", written, pull_uri=uri)
    assert str(base.reference) == name
    moved = [decision for decision in decisions if decision.subject == "base registry"]
    assert bool(moved) == (uri is not None and not (written or "").startswith("gcr.io"))


def test_a_base_in_another_registry_than_the_pull_target_is_an_error_that_names_both():
    with pytest.raises(PlanError, match=r"docker\.io") as told:
        choose_base("", "docker.io/library/python:3.7", pull_uri="gcr.io/project")
    assert "gcr.io" in told.value.message


@pytest.mark.parametrize("name", ["Not A Name", "", "x:", "a//b"])
def test_what_is_no_image_is_an_error(name):
    with pytest.raises(SpecError):
        choose_base("", name)


minors = st.integers(6, 14)


@pytest.mark.property
@given(minors, minors)
def test_a_range_gives_its_newest(low, high):
    pin = f">=3.{min(low, high)},<3.{max(low, high) + 1}"
    base, decisions = choose_base(pin, None)
    assert base.python == f"3.{max(low, high)}"
    assert all(decision.reason for decision in decisions)


@pytest.mark.property
@given(st.sampled_from(SUPPORTED), st.integers(0, 30), st.sampled_from(["==", ">=", "<=", "~="]))
def test_what_is_chosen_fits(python, patch, operator):
    specifier = f"{operator}{python}.{patch}"
    for fit in fitting(specifier):
        assert any(SpecifierSet(specifier).contains(f"{fit}.{number}") for number in range(100))
    assert python in fitting(specifier)
