"""Conda files as they are written."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.errors import SpecError
from odahu_pack_core.spec.conda_file import parse_conda_file

WHOLE = """\
name: wine
channels:
  - conda-forge
  - defaults
dependencies:
  - python=3.7.16
  - numpy=1.19
  - pip:
    - mlflow==1.0
    - click
prefix: /home/someone/envs/wine
variables:
  OMP_NUM_THREADS: 1
"""


def texts(lines):
    return [line.text for line in lines]


def faults(text):
    with pytest.raises(SpecError) as told:
        parse_conda_file(text, "conda.yaml")
    return told.value.message


def test_both_sections_are_read_with_their_lines():
    written = parse_conda_file(WHOLE, "model/conda.yaml")
    assert texts(written.channels) == ["conda-forge", "defaults"]
    assert texts(written.packages) == ["python=3.7.16", "numpy=1.19"]
    assert texts(written.pip) == ["mlflow==1.0", "click"]
    assert [line.place for line in written.pip] == ["model/conda.yaml, line 9", "model/conda.yaml, line 10"]
    assert written.variables == ("OMP_NUM_THREADS",)


@pytest.mark.parametrize(
    "text",
    [
        "dependencies: []",
        "dependencies:",
        "name: x",
        "dependencies:\n- pip:\n",
        "{dependencies: [{pip: []}]}",
    ],
)
def test_little_is_enough(text):
    written = parse_conda_file(text, "conda.yaml")
    assert (written.packages, written.pip) == ((), ())


def test_numbers_and_dates_stay_as_they_are_written():
    written = parse_conda_file("dependencies: [1.10, 2020-01-01, yes]", "conda.yaml")
    assert texts(written.packages) == ["1.10", "2020-01-01", "yes"]


def test_every_fault_is_told_at_once_with_its_line():
    told = faults(
        "dependancies: []\nchannels: conda-forge\ndependencies:\n"
        "- [a]\n- npm: [b]\n- pip: x\n- pip: [y]\n- ''\n- null\n"
    )
    assert [line.split(": ")[0] for line in told.splitlines()] == [
        f"conda.yaml, line {number}" for number in (1, 2, 4, 5, 6, 7, 8, 9)
    ]
    assert "did you mean 'dependencies'?" in told
    assert "dependencies[0]: must be text" in told
    assert "dependencies[2].pip: must be a list" in told
    assert "a second 'pip' section" in told


def test_a_line_with_control_characters_is_refused():
    assert "control character" in faults('dependencies: ["numpy\\n- evil"]')


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n"])
def test_an_empty_file_is_refused(text):
    assert faults(text).startswith("conda.yaml is empty")


@pytest.mark.parametrize("text", ["[numpy]", "numpy", "- numpy"])
def test_what_is_no_mapping_is_refused(text):
    assert "must be a mapping with 'dependencies'" in faults(text)


def test_several_documents_are_refused():
    assert "several YAML documents" in faults("name: a\n---\nname: b\n")


def test_what_is_no_yaml_is_told_with_file_and_line():
    assert faults("name: a\ndependencies: [\n").startswith("conda.yaml, line ")
    assert faults("a: &x [*x, *x]\n")
    assert "repeated" in faults("name: a\nname: b\n")


@pytest.mark.property
@given(st.text())
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(SpecError):
        assert parse_conda_file(text, "conda.yaml").file == "conda.yaml"


@pytest.mark.property
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["pip", "name", "dependencies"]), inner)
        ),
    )
)
def test_any_document_is_read_or_refused(value):
    try:
        written = parse_conda_file(json.dumps({"dependencies": value}), "conda.yaml")
    except SpecError:
        return  # refused, and nothing else went wrong
    assert all(line.text.strip() == line.text != "" for line in (*written.packages, *written.pip))
