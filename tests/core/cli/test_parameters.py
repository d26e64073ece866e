"""Option values that have a form of their own."""

from pathlib import Path

import click
import pytest

from odahu_pack_core import ImageOutput
from odahu_pack_core.cli.parameters import MirrorParameter, OutputParameter, PlatformsParameter
from odahu_pack_core.cli.session import Session


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("type=registry", ImageOutput("registry")),
        ("type=docker", ImageOutput("docker")),
        ("type=oci,dest=layout", ImageOutput("oci", Path("layout"))),
        ("dest=a=b.tar,type=docker-archive", ImageOutput("docker-archive", Path("a=b.tar"))),
        ("type=context,dest=a folder/image", ImageOutput("context", Path("a folder/image"))),
    ],
)
def test_an_output(text, output):
    assert OutputParameter().convert(text, None, None) == output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type=oic,dest=x", "unknown type 'oic'; did you mean 'oci'?"),
        ("dest=x", "type= is missing; known: context, docker"),
        ("type=oci", "type=oci needs a path: type=oci,dest=PATH"),
        ("type=registry,dest=x", "type=registry takes no dest="),
        ("type=oci,dst=x", "'dst=x' is not understood"),
        ("type=oci,type=docker", "'type=docker' is not understood"),
        ("oci", "'oci' is not understood"),
        ("", "'' is not understood"),
    ],
)
def test_an_output_that_is_none(text, message):
    with pytest.raises(click.BadParameter, match=r".") as caught:
        OutputParameter().convert(text, None, None)
    assert message in caught.value.message


@pytest.mark.parametrize("text", ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/amd64,linux/arm64"])
def test_platforms(text):
    assert PlatformsParameter().convert(text, None, None) == tuple(text.split(","))


def test_a_platform_said_twice_is_one():
    assert PlatformsParameter().convert("linux/amd64,linux/amd64", None, None) == ("linux/amd64",)


@pytest.mark.parametrize("text", ["amd64", "linux/", "linux/amd64\n", "Linux/amd64", "a/b/c/d", "a/b,"])
def test_a_platform_that_is_none(text):
    with pytest.raises(click.BadParameter, match="not a platform"):
        PlatformsParameter().convert(text, None, None)


def test_mirrors_are_added_to_those_of_the_environment():
    mirror = MirrorParameter().convert("docker.io=r.example/hub", None, None)
    session = Session({"ODAHU_PACK_MIRRORS": "ghcr.io=r.example/ghcr", "HOME": "/home/jane"})

    session.add_mirrors([mirror, "quay.io=localhost:5000"])

    assert session.environ == {
        "ODAHU_PACK_MIRRORS": "ghcr.io=r.example/ghcr docker.io=r.example/hub quay.io=localhost:5000",
        "HOME": "/home/jane",
    }


@pytest.mark.parametrize(
    "text",
    ["docker.io", "docker.io=", "=registry.example", "hub=registry.example", "docker.io=hub", "a b.c=d.e"],
)
def test_a_mirror_that_is_none(text):
    with pytest.raises(click.BadParameter, match=r"mirror|registry"):
        MirrorParameter().convert(text, None, None)


def test_a_mirror_that_is_none_ends_the_command_with_usage(odahuflowctl):
    done = odahuflowctl("local", "pack", "plan", "--mirror", "docker.io")

    assert done.code == 2
    assert "a mirror is written as in docker.io=registry.example/prefix" in done.err
