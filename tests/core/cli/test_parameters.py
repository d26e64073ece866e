"""Option values that have a form of their own."""

from pathlib import Path

import click
import pytest

from odahu_pack_core import ImageOutput
from odahu_pack_core.cli.parameters import OutputParameter, PlatformsParameter


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
