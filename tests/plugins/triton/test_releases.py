"""The table of releases, and the tags that name them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from odahu_pack_triton.arguments import DEFAULT_TAG, TritonArguments, release_of_tag
from odahu_pack_triton.backends import BACKENDS, FILES, PLATFORMS
from odahu_pack_triton.formats import FORMATS
from odahu_pack_triton.releases import RELEASES, releases_with

ORDER = list(RELEASES)


def test_the_table_is_in_order_and_without_gaps_but_one():
    months = [f"{year}.{month:02}" for year in range(20, 27) for month in range(1, 13)]
    covered = [month for month in months if "20.10" <= month <= "26.08"]
    assert [month for month in covered if month not in RELEASES] == ["21.01"]
    assert sorted(ORDER) == ORDER
    servers = [tuple(map(int, RELEASES[version].server.split("."))) for version in ORDER]
    assert sorted(servers) == servers
    assert len(set(servers)) == len(servers)


@pytest.mark.parametrize(
    ("version", "server", "python", "environment", "completes"),
    [
        ("20.10", "2.4.0", "3.6", "python-runtime", False),
        ("20.11", "2.5.0", "3.6", "python-runtime", False),
        ("20.12", "2.6.0", "3.8", "python-runtime", False),
        ("21.05", "2.10.0", "3.8", "python-runtime", False),
        ("21.06", "2.11.0", "3.8", "archive", False),
        ("22.06", "2.23.0", "3.8", "archive", False),
        ("22.07", "2.24.0", "3.8", "archive", True),
        ("23.04", "2.33.0", "3.8", "archive", True),
        ("23.05", "2.34.0", "3.10", "archive", True),
        ("23.06", "2.35.0", "3.10", "archive", True),
        ("23.07", "2.36.0", "3.10", "folder", True),
        ("24.10", "2.51.0", "3.10", "folder", True),
        ("24.11", "2.52.0", "3.12", "folder", True),
        ("26.04", "2.68.0", "3.12", "folder", True),
    ],
)
def test_a_release_has_the_facts_of_its_release_notes(version, server, python, environment, completes):
    release = RELEASES[version]
    assert (release.server, release.python) == (server, python)
    assert (release.environment, release.completes_config) == (environment, completes)


@pytest.mark.parametrize(
    ("backend", "first", "last"),
    [("caffe2", "20.10", "20.10"), ("tensorflow", "20.10", "25.02"), ("python", "20.10", ORDER[-1])],
)
def test_backends_come_and_go(backend, first, last):
    versions = releases_with(backend)
    assert (versions[0], versions[-1]) == (first, last)


def test_one_release_was_shipped_without_onnx_runtime():
    assert "24.02" not in releases_with("onnxruntime")
    assert {"24.01", "24.03"} <= set(releases_with("onnxruntime"))


def test_python_models_complete_their_configuration_one_release_before_it_is_the_default():
    assert not RELEASES["22.05"].completes_python
    assert RELEASES["22.06"].completes_python


@pytest.mark.parametrize(
    ("version", "numpy"),
    [("20.11", "<1.24"), ("22.12", "<1.24"), ("23.01", "<2"), ("24.11", "<2"), ("24.12", "")],
)
def test_a_release_bounds_numpy(version, numpy):
    assert RELEASES[version].numpy == numpy


def test_until_shared_memory_came_the_python_backend_spoke_grpc():
    assert RELEASES["21.03"].python_needs == ("grpcio", "grpcio-channelz", "protobuf<3.21")
    assert RELEASES["21.04"].python_needs == ()


def test_the_default_tag_is_the_documented_one():
    arguments = TritonArguments()
    assert DEFAULT_TAG == arguments.triton_base_image_tag == "20.11-py3"
    assert arguments.image_name == "{{ Name }}-{{ Version }}:{{ RandomUUID }}"
    assert arguments.release.server == "2.5.0"


def test_an_unknown_release_is_told_with_those_that_are_known():
    with pytest.raises(ValidationError) as caught:
        TritonArguments.model_validate({"triton_base_image_tag": "24.13-py3"})
    message = caught.value.errors()[0]["msg"]
    assert "no known Triton release; did you mean '24.1" in message
    assert all(version in message for version in RELEASES)


@pytest.mark.parametrize("tag", ["24.10", "24.10-py3-sdk", "24.10-py3-min", "24.10-vllm-py3"])
def test_another_image_of_a_release_is_refused_with_the_right_tag(tag):
    with pytest.raises(ValueError, match=re.escape("only the full server images are known; write 24.10-py3")):
        release_of_tag(tag)


@pytest.mark.parametrize(("image", "backend"), [("vllm-python", "vllm"), ("trtllm-python", "tensorrtllm")])
def test_the_images_of_language_models_are_known_since_they_are_there(image, backend):
    release = release_of_tag(f"24.10-{image}-py3")
    assert (release.version, release.image) == ("24.10", image)
    assert release.backends == {"python", backend}
    assert release.python == RELEASES["24.10"].python
    with pytest.raises(ValueError, match=r"since 23\.10"):
        release_of_tag(f"23.09-{image}-py3")


@pytest.mark.parametrize(
    "tag", ["", "latest", "24.10-py3\n", "24.10-py3\nUSER 0", " 24.10-py3", "24.1-py3", "2\u0664.10-py3"]
)
def test_what_only_resembles_a_tag_is_refused(tag):
    with pytest.raises(ValueError, match=r"release|full server images"):
        release_of_tag(tag)


@pytest.mark.parametrize(
    "arguments",
    [
        {"triton_base_image_tag": 24.10},
        {"imageName": ""},
        {"imageName": None},
        {"tritonBaseImageTag": "24.10-py3"},
    ],
)
def test_arguments_are_strict(arguments):
    with pytest.raises(ValidationError):
        TritonArguments.model_validate(arguments)


@pytest.mark.property
@given(st.text(max_size=30) | st.from_regex(r"\d\d\.\d\d-py3", fullmatch=True))
def test_no_text_but_a_listed_tag_is_accepted(tag):
    try:
        release = release_of_tag(tag)
    except ValueError:
        assert tag not in {f"{version}-py3" for version in RELEASES}
    else:
        assert tag == release.tag


def test_backends_of_other_images_are_in_no_release():
    assert releases_with("vllm") == ()
    assert releases_with("tensorrtllm") == ()


def test_backends_have_what_the_formats_say():
    for format_ in FORMATS:
        backend = BACKENDS[format_.backend]
        assert format_.file in backend.files
        assert not format_.platform or format_.platform in backend.platforms


def test_a_file_and_a_platform_stand_for_one_backend():
    assert sum(len(backend.files) for backend in BACKENDS.values()) == len(FILES)
    assert sum(len(backend.platforms) for backend in BACKENDS.values()) == len(PLATFORMS)
