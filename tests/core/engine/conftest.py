"""What looks into the engine beside the product, and images that are gone after the test."""

import uuid

import pytest

from odahu_pack_core.engine.docker.engine import DockerEngine
from odahu_pack_core.plan.base import BaseImage
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.testing import KnownRegistry
from tests.core.engine.parts import Cli, shell_image


@pytest.fixture
def docker(engine):
    return DockerEngine(engine.environ)


@pytest.fixture
def facts(docker, base):
    """What is in a base image that only the engine has."""
    return docker.inspect_base(
        BaseImage(ImageReference.parse(base("debian"))), "linux/amd64", None, lambda _: None
    )


@pytest.fixture
def docker_cli(engine):
    return Cli(engine.environ)


@pytest.fixture
def events():
    return []


@pytest.fixture
def new_name(docker_cli):
    """Make image names that nobody else uses; the images are removed after the test."""
    names = []

    def make(host=""):
        name = f"{host}/odahu-test/{uuid.uuid4().hex}:1" if host else f"odahu-test/{uuid.uuid4().hex}:1"
        names.append(name)
        return name

    yield make
    for name in names:
        for reference in docker_cli.references(name.rpartition(":")[0]):
            docker_cli.remove(reference)


@pytest.fixture(scope="session")
def shell_base(registry):
    """The name of an image with a shell that is in the registry."""
    known = KnownRegistry(registry.host, registry.username, registry.password)
    known.push("contract/shell", "1", *shell_image())
    return ImageReference("contract/shell", registry.host, "1")
