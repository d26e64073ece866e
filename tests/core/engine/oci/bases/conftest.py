"""Base images looked for in a cache of the test's own."""

import pytest

from odahu_pack_core.engine.oci.bases.sources import BaseSources
from odahu_pack_core.plan.base import BaseImage
from odahu_pack_core.plan.python_choice import choose_base
from odahu_pack_core.plan.reference import ImageReference
from tests.core.engine.oci.bases.parts import MemoryRegistry


@pytest.fixture
def environ(tmp_path):
    return {
        "ODAHU_PACK_CACHE_DIR": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
        "DOCKER_HOST": f"unix://{tmp_path}/no-engine.sock",
    }


@pytest.fixture
def memory():
    return MemoryRegistry()


@pytest.fixture
def find(environ, memory, events):
    """Find a base image as a new run would: ``find("python:3.11")``."""

    def found(name, platform="linux/amd64", pull=None, **more):
        base = BaseImage(ImageReference.parse(name), **more)
        return BaseSources(environ, memory.open).find(base, platform, pull, events.append)

    return found


@pytest.fixture
def find_at(environ, memory, events):
    """Find a base image in the file system: ``find_at("oci:/path")``."""

    def found(text, platform="linux/amd64"):
        base, _ = choose_base("", text)
        return BaseSources(environ, memory.open).find(base, platform, None, events.append)

    return found
